-- OSC messages as datagrams: i, f and s are all that the bridge sends.
local M = {}

local function padded(text)
    return text .. ("\0"):rep(4 - #text % 4)
end

function M.encode(address, args)
    local tags, body = {","}, {}
    for _, value in ipairs(args) do
        if type(value) == "string" then
            tags[#tags + 1], body[#body + 1] = "s", padded(value)
        elseif math.type(value) == "integer" then
            tags[#tags + 1], body[#body + 1] = "i", string.pack(">i4", value)
        else
            tags[#tags + 1], body[#body + 1] = "f", string.pack(">f", value)
        end
    end
    return padded(address) .. padded(table.concat(tags)) .. table.concat(body)
end

local function text_at(data, at)
    local text = string.unpack("z", data, at)
    return text, at + #text + 4 - #text % 4
end

-- Returns address and arguments, or nil for what is no message.
function M.decode(data)
    local ok, address, args = pcall(function()
        local address, at = text_at(data, 1)
        local tags
        tags, at = text_at(data, at)
        local args = {}
        for tag in tags:sub(2):gmatch(".") do
            if tag == "s" then
                args[#args + 1], at = text_at(data, at)
            elseif tag == "i" then
                args[#args + 1], at = string.unpack(">i4", data, at)
            else
                local value
                value, at = string.unpack(">f", data, at)
                args[#args + 1] = math.floor(value * 1e6 + 0.5) / 1e6 -- without the noise of 32 bits
            end
        end
        return address, args
    end)
    if ok then return address, args end
end

return M
