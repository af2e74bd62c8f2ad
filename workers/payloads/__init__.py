"""What each event type carries, with the vendor's own keys."""

from actions.discreet import Discreet
from workers.payloads.closure import (
    ClosureTax,
    ClosureTotals,
    PaymentCount,
    PaymentSummary,
    Register,
    RegisterClosureCreate,
)
from workers.payloads.consignment import ConsignmentReceive, ConsignmentSend
from workers.payloads.customer import Contact, CustomerUpdate
from workers.payloads.inventory import InventoryUpdate, Outlet, StockedProduct
from workers.payloads.payload import Named, Payload
from workers.payloads.product import (
    OutletTax,
    PriceBookEntry,
    ProductUpdate,
    StockLevel,
    Supplier,
    VariantOption,
)
from workers.payloads.sale import (
    PaymentType,
    RetailerPaymentType,
    SaleCustomer,
    SaleLine,
    SalePayment,
    SaleTax,
    SaleTotals,
    SaleUpdate,
    SaleUser,
)

__all__ = [
    "ClosureTax",
    "ClosureTotals",
    "ConsignmentReceive",
    "ConsignmentSend",
    "Contact",
    "CustomerUpdate",
    "Discreet",
    "InventoryUpdate",
    "Named",
    "Outlet",
    "OutletTax",
    "Payload",
    "PaymentCount",
    "PaymentSummary",
    "PaymentType",
    "PriceBookEntry",
    "ProductUpdate",
    "Register",
    "RegisterClosureCreate",
    "RetailerPaymentType",
    "SaleCustomer",
    "SaleLine",
    "SalePayment",
    "SaleTax",
    "SaleTotals",
    "SaleUpdate",
    "SaleUser",
    "StockLevel",
    "StockedProduct",
    "Supplier",
    "VariantOption",
]
