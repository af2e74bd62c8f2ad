-- The arguments of a job in arq's format, or nothing where its bytes are no job with any.
local function args_of(job)
  local known, told = pcall(cmsgpack.unpack, job)
  if known and type(told) == 'table' and type(told.a) == 'table' and told.a[1] then
    return told.a
  end
end
