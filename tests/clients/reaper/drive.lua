-- lua drive.lua STEPS.lua: runs a chunk of Lua that has `stub`, `act(name)` and `show()` at hand.
local here, scripts, port, program, transport, resource, steps = table.unpack(arg)
package.path = here .. "/?.lua;" .. package.path
local stub = require("stub")
stub.resource = resource
stub.ext.Antiphonport = port
stub.ext.Antiphonprogram = program
if transport == "files" then
    package.loaded.socket = nil
    package.preload.socket = function() error("no sockets in stock REAPER") end
end

-- Run an action as REAPER does: anew each time.
local function act(name, seconds, each)
    for _, module in ipairs({"settings", "music", "actions", "osc", "udp_bridge", "file_bridge"}) do
        package.loaded[module] = nil
    end
    dofile(scripts .. "/Antiphon - " .. name .. ".lua")
    if seconds ~= 0 then stub.loop(seconds or 30, each) end
end

local function show()
    for index, item in ipairs(stub.items) do
        for number, take in ipairs(item.takes) do
            print(("take %d %d %s %s %d"):format(index, number - 1, take.name or "-", item.track.name, item.active - 1))
            for _, n in ipairs(take.notes) do
                local from = reaper.MIDI_GetProjQNFromPPQPos(take, n.from)
                local to = reaper.MIDI_GetProjQNFromPPQPos(take, n.to)
                print(("note %d %.6f %.6f %d %d"):format(n.pitch, from, to - from, n.velocity, n.channel))
            end
        end
    end
    for _, text in ipairs(stub.messages) do print("message " .. text) end
    for _, text in ipairs(stub.helps) do print("help " .. text) end
    for _, text in ipairs(stub.undo) do print("undo " .. text) end
end

local chunk = assert(load(steps, "steps", "t", setmetatable({stub = stub, act = act, show = show}, {__index = _G})))
chunk()
