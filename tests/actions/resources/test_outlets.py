from actions.lenient import decode
from actions.resources.outlets import Outlet, OutletAttribute


def test_an_outlets_place_on_the_map_comes_as_text() -> None:
    outlet = decode(
        b'{"id":"o-1","name":"Main","default_tax_id":"t-1","currency":"NZD",'
        b'"currency_symbol":"$","display_prices":"inclusive","time_zone":null,"email":"",'
        b'"phone":null,"physical_address_1":"1 High St","physical_address_2":null,'
        b'"physical_suburb":null,"physical_city":"Auckland","physical_postcode":1010,'
        b'"physical_state":null,"physical_country_id":"NZ","latitude":"-36.8485",'
        b'"longitude":174.7633,"attributes":[{"key":"order_reference","value":17},{}],'
        b'"deleted_at":null,"version":"4300000000"}',
        Outlet,
    )
    assert outlet == Outlet(
        id="o-1",
        name="Main",
        default_tax_id="t-1",
        currency="NZD",
        currency_symbol="$",
        display_prices="inclusive",
        email="",
        physical_address_1="1 High St",
        physical_city="Auckland",
        physical_postcode="1010",
        physical_country_id="NZ",
        latitude="-36.8485",
        longitude="174.7633",
        attributes=[OutletAttribute(key="order_reference", value="17"), OutletAttribute()],
        version=4_300_000_000,
    )
