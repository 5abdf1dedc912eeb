-- REAPER's functions as far as the scripts use them, written from the ReaScript documentation.
-- It refuses what REAPER refuses, or what would freeze it: changes outside an undo block, overlapping notes
-- of one pitch, waiting for a program, sleeping.
local socket = require("socket")
local run_in_background = os.execute

local M = {items = {}, tracks = {{name = "one", guid = "{1}"}, {name = "two", guid = "{2}"}}, selected_track = 1, messages = {}, helps = {},
    undo = {}, deferred = {}, ext = {}, selection = {0, 0}, tempo = {{qn = 0, bpm = 120, upper = 4, lower = 4}}}
local PPQ = 960
local open, guids = 0, 0

local function changes()
    assert(open > 0, "a change outside an undo block")
end

-- ---- time: marks of tempo and metre, each on a barline

local function mark_at(key, value)
    local found = M.tempo[1]
    for _, mark in ipairs(M.tempo) do
        if mark[key] <= value + 1e-9 then found = mark end
    end
    return found
end

function M.settle()
    local time, before = 0, nil
    for _, mark in ipairs(M.tempo) do
        if before then time = time + (mark.qn - before.qn) * 60 / before.bpm end
        mark.time, before = time, mark
    end
end

local function time_of(qn)
    local mark = mark_at("qn", qn)
    return mark.time + (qn - mark.qn) * 60 / mark.bpm
end

local function qn_of(time)
    local mark = mark_at("time", time)
    return mark.qn + (time - mark.time) * mark.bpm / 60
end

-- ---- items

function M.new_item(from, to, notes)
    guids = guids + 1
    local item = {position = time_of(from), length = time_of(to) - time_of(from), loop = 0, track = M.tracks[1],
        guid = ("{%d}"):format(guids), active = 1}
    item.takes = {{item = item, notes = {}, offset = 0, rate = 1, midi = true, source = to - from}}
    for _, n in ipairs(notes or {}) do
        table.insert(item.takes[1].notes, {muted = n[6] == "muted", from = n[2] * PPQ, to = (n[2] + n[3]) * PPQ,
            channel = n[5] or 0, pitch = n[1], velocity = n[4] or 80})
    end
    table.insert(M.items, item)
    return item
end

local function zero(take) -- the beat of the source's begin
    return qn_of(take.item.position) - take.offset / take.rate
end

reaper = {}

function reaper.time_precise() return socket.gettime() end
function reaper.defer(act) table.insert(M.deferred, act) end
function reaper.GetOS() return "Other" end
function reaper.GetResourcePath() return M.resource end
function reaper.RecursiveCreateDirectory(path) run_in_background('mkdir -p "' .. path .. '"') end
function reaper.ShowMessageBox(text, title, kind)
    assert(type(title) == "string" and kind == 0)
    table.insert(M.messages, text)
end
function reaper.Help_Set(text, temporary)
    assert(temporary == true)
    table.insert(M.helps, text)
end
function reaper.ExecProcess(command, wait)
    assert(wait == -2, "ExecProcess that waits freezes REAPER; with -1 a window opens before it on Windows")
    local rest = (" " .. command .. " "):gsub('%s"[^"]*"%f[%s]', "")
    assert(not rest:find('"'), "quotes within a word: not every system understands them")
    run_in_background(command .. " >/dev/null 2>&1 &")
end

function reaper.GetExtState(section, key) return M.ext[section .. key] or "" end
function reaper.SetExtState(section, key, value, persist)
    assert(type(value) == "string" and type(persist) == "boolean")
    M.ext[section .. key] = value
end
function reaper.DeleteExtState(section, key) M.ext[section .. key] = nil end
function reaper.GetUserInputs(title, count, captions, values)
    local _, commas = captions:gsub(",", "")
    assert(count <= 16 and commas == count + 1, "a caption for each field, extrawidth and separator")
    M.asked = values
    return M.entered ~= nil, M.entered
end

function reaper.Undo_BeginBlock() open = open + 1 end
function reaper.Undo_EndBlock(name, flags)
    assert(open == 1 and flags == -1)
    open = open - 1
    table.insert(M.undo, name)
end
function reaper.PreventUIRefresh(count) M.frozen = (M.frozen or 0) + count end
function reaper.UpdateItemInProject() end
function reaper.UpdateArrange() assert(M.frozen == 0, "PreventUIRefresh was not taken back") end

function reaper.TimeMap2_timeToQN(_, time) return qn_of(time) end
function reaper.TimeMap2_QNToTime(_, qn) return time_of(qn) end
function reaper.TimeMap_GetTimeSigAtTime(_, time)
    local mark = mark_at("time", time)
    return mark.upper, mark.lower, mark.bpm
end
function reaper.TimeMap_QNToMeasures(_, qn)
    local mark = mark_at("qn", qn)
    local bar = mark.upper * 4 / mark.lower
    local number = math.floor((qn - mark.qn) / bar + 1e-9)
    local stop = mark.qn + (number + 1) * bar
    for _, other in ipairs(M.tempo) do
        if other.qn > mark.qn and other.qn < stop then stop = other.qn end
    end
    return number, mark.qn + number * bar, stop
end
function reaper.GetSet_LoopTimeRange(set, loop)
    assert(set == false and loop == false)
    return M.selection[1], M.selection[2]
end

function reaper.GetSelectedMediaItem(_, index) return index == 0 and M.selected or nil end
function reaper.GetMousePosition() return 10, 20 end
function reaper.GetItemFromPoint(x, y, locked)
    assert(x == 10 and y == 20 and locked == true)
    return M.pointed
end
function reaper.GetSelectedTrack(_, index) return index == 0 and M.tracks[M.selected_track] or nil end
function reaper.GetTrack(_, index) return M.tracks[index + 1] end
function reaper.CountTracks() return #M.tracks end
function reaper.GetTrackGUID(track) return track.guid end
function reaper.ValidatePtr2(_, pointer, kind)
    assert(kind == "MediaTrack*")
    for _, track in ipairs(M.tracks) do
        if track == pointer then return true end
    end
    return false
end
function reaper.CountMediaItems() return #M.items end
function reaper.GetMediaItem(_, index) return M.items[index + 1] end
function reaper.GetMediaItemTrack(item) return item.track end
function reaper.GetSetMediaItemInfo_String(item, key, _, set)
    assert(key == "GUID" and set == false)
    return true, item.guid
end
function reaper.GetMediaItemInfo_Value(item, key)
    return assert(({D_POSITION = item.position, D_LENGTH = item.length, B_LOOPSRC = item.loop})[key], key)
end
function reaper.SetMediaItemInfo_Value(item, key, value)
    changes()
    assert(key == "B_LOOPSRC")
    item.loop = value
end
function reaper.GetMediaItemTakeInfo_Value(take, key)
    if key == "IP_TAKENUMBER" then
        for index, other in ipairs(take.item.takes) do
            if other == take then return index - 1.0 end
        end
    end
    return assert(({D_PLAYRATE = take.rate, D_STARTOFFS = take.offset})[key], key)
end
function reaper.DeleteTrackMediaItem(track, item)
    changes()
    for index, other in ipairs(M.items) do
        if other == item and item.track == track then return table.remove(M.items, index) ~= nil end
    end
    return false
end
function reaper.CreateNewMIDIItemInProj(track, from, to, in_beats)
    changes()
    assert(in_beats == false and to > from)
    local item = M.new_item(qn_of(from), qn_of(to))
    assert(reaper.ValidatePtr2(0, track, "MediaTrack*"), "a track that is gone")
    item.track, item.loop = track, 1
    return item
end
function reaper.GetActiveTake(item) return item.takes[item.active] end
function reaper.SetActiveTake(take)
    changes()
    take.item.active = math.tointeger(reaper.GetMediaItemTakeInfo_Value(take, "IP_TAKENUMBER")) + 1
end
function reaper.CountTakes(item) return #item.takes end
function reaper.GetMediaItemTake(item, index) return item.takes[index + 1] end
function reaper.AddTakeToMediaItem(item)
    changes()
    local take = {item = item, notes = {}, offset = 0, rate = 1, midi = false}
    table.insert(item.takes, take)
    return take
end
function reaper.PCM_Source_CreateFromType(kind) return {kind = kind} end
function reaper.SetMediaItemTake_Source(take, source)
    changes()
    take.midi, take.source = source.kind == "MIDI", 0
    return true
end
function reaper.GetMediaItemTake_Source(take) return {length = take.source} end
function reaper.GetMediaSourceLength(source) return source.length, true end
function reaper.TakeIsMIDI(take) return take.midi end
function reaper.GetSetMediaItemTakeInfo_String(take, key, text, set)
    changes()
    assert(key == "P_NAME" and set == true)
    take.name = text
end

function reaper.MIDI_CountEvts(take) return true, #take.notes, 0, 0 end
function reaper.MIDI_GetNote(take, index)
    local n = take.notes[index + 1]
    if not n then return false end
    return true, false, n.muted, n.from, n.to, n.channel, n.pitch, n.velocity
end
function reaper.MIDI_GetProjQNFromPPQPos(take, ppq) return zero(take) + ppq / PPQ / take.rate end
function reaper.MIDI_GetPPQPosFromProjQN(take, qn) return (qn - zero(take)) * take.rate * PPQ end
function reaper.MIDI_DisableSort(take) take.unsorted = true end
function reaper.MIDI_InsertNote(take, selected, muted, from, to, channel, pitch, velocity, unsorted)
    changes()
    assert(take.midi, "this take has no MIDI source")
    assert(unsorted == true and take.unsorted, "sorting after each note takes for ever")
    assert(to > from and channel >= 0 and channel <= 15 and pitch >= 0 and pitch <= 127)
    assert(velocity >= 1 and velocity <= 127 and not selected and not muted)
    table.insert(take.notes, {from = from, to = to, channel = channel, pitch = pitch, velocity = velocity})
    return true
end
function reaper.MIDI_Sort(take)
    take.unsorted = false
    table.sort(take.notes, function(a, b)
        if a.from ~= b.from then return a.from < b.from end
        if a.channel ~= b.channel then return a.channel < b.channel end
        return a.pitch < b.pitch
    end)
    local ends = {}
    for _, n in ipairs(take.notes) do
        take.source = math.max(take.source, n.to / PPQ)
        local key = n.channel * 128 + n.pitch
        assert((ends[key] or -1e9) <= n.from + 1e-6, "notes of one pitch overlap")
        ends[key] = n.to
    end
end

-- ---- what freezes REAPER

local function freezes() error("this freezes REAPER", 2) end
os.execute, io.popen, socket.sleep = freezes, freezes, freezes
socket.select = freezes

-- Run what was deferred, 30 times a second, until nothing is; fails when it takes too long.
function M.loop(seconds, each)
    local ends = socket.gettime() + seconds
    while #M.deferred > 0 do
        assert(socket.gettime() < ends, "it takes too long")
        local acts = M.deferred
        M.deferred = {}
        for _, act in ipairs(acts) do
            act()
        end
        if each then each() end
        local rest = socket.gettime() + 0.01
        while socket.gettime() < rest do end
    end
end

return M
