-- What the user has set, kept by REAPER between sessions (ExtState).
local M = {}
local SECTION = "Antiphon"

-- Key of the bridge's option, what the window calls it, and what holds at first ("auto": the bridge decides).
M.fields = {
    {"model", "Model (auto: the bridge's)", "auto"},
    {"verb", "Verb of continue item", "continue"},
    {"bars", "Bars (continue)", "4"},
    {"temperature", "Temperature (0.1 to 2)", "auto"},
    {"seed", "Seed", "auto"},
    {"lock", "Lock the seed (y or n)", "n"},
    {"takes", "Takes", "1"},
    {"scale", "Scale (as D dorian)", "auto"},
    {"low", "Lowest pitch", "auto"},
    {"high", "Highest pitch", "auto"},
    {"ending", "Ending (open or closed)", "auto"},
    {"program", "The program antiphon", "auto"},
    {"port", "Port of the bridge", "7374"},
}

function M.get(key)
    local kept = reaper.GetExtState(SECTION, key)
    if kept ~= "" then return kept end
    for _, field in ipairs(M.fields) do
        if field[1] == key then return field[3] end
    end
    return ""
end

-- `passing` values are forgotten when REAPER ends.
function M.put(key, value, passing)
    reaper.SetExtState(SECTION, key, tostring(value), not passing)
end

-- The bridge's options as they are set now: {{key, value}, ...}.
function M.options()
    local options = {}
    for _, field in ipairs(M.fields) do
        local key, value = field[1], M.get(field[1])
        local ours = key == "lock" or key == "program" or key == "port" or key == "seed" or key == "verb"
        if not ours and value ~= "auto" and value ~= "" then
            options[#options + 1] = {key, value}
        end
    end
    return options
end

-- The seed of the next request: the one that is locked, else "auto".
function M.seed()
    return M.get("lock"):lower():sub(1, 1) == "y" and M.get("seed") or "auto"
end

-- Let the user edit all fields; returns false where the window was closed.
function M.edit()
    local captions, values = {}, {}
    for _, field in ipairs(M.fields) do
        captions[#captions + 1] = field[2]
        values[#values + 1] = M.get(field[1])
    end
    -- A scale may hold commas, so values are separated by something else.
    local ok, entered = reaper.GetUserInputs("Antiphon", #M.fields,
        table.concat(captions, ",") .. ",extrawidth=160,separator=|", table.concat(values, "|"))
    if not ok then return false end
    local at = 1
    for value in (entered .. "|"):gmatch("([^|]*)|") do
        local field = M.fields[at]
        if not field then break end
        value = value:match("^%s*(.-)%s*$")
        M.put(field[1], value == "" and field[3] or value)
        at = at + 1
    end
    return true
end

return M
