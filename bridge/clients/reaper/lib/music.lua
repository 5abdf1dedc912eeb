-- Notes out of and into items. Beats are the project's quarter notes, so tempo changes do not matter.
local M = {}
local HALF_TICK = 1 / 48
local MOST = 4096 -- notes that the bridge takes; models read the last few hundred

local function item_bounds(item)
    local start = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
    local length = reaper.GetMediaItemInfo_Value(item, "D_LENGTH")
    return reaper.TimeMap2_timeToQN(0, start), reaper.TimeMap2_timeToQN(0, start + length)
end

-- The item to continue: the selected one, else the one under the mouse; nil where there is no MIDI item.
function M.source()
    local item = reaper.GetSelectedMediaItem(0, 0)
    if not item then
        local x, y = reaper.GetMousePosition()
        item = reaper.GetItemFromPoint(x, y, true)
    end
    local take = item and reaper.GetActiveTake(item)
    if take and reaper.TakeIsMIDI(take) then return item end
end

-- The notes that an item sounds, as the listener hears them: trimmed at its edges, loops written out.
function M.read(item)
    local take = reaper.GetActiveTake(item)
    local first, last = item_bounds(item)
    local turn = 0 -- length of one turn of a looped source, in beats
    if reaper.GetMediaItemInfo_Value(item, "B_LOOPSRC") == 1 then
        local length, is_beats = reaper.GetMediaSourceLength(reaper.GetMediaItemTake_Source(take))
        local rate = reaper.GetMediaItemTakeInfo_Value(take, "D_PLAYRATE")
        if is_beats and length > 0 then turn = length / rate end
    end
    local notes = {}
    local _, count = reaper.MIDI_CountEvts(take)
    for index = 0, count - 1 do
        local _, _, muted, from, to, channel, pitch, velocity = reaper.MIDI_GetNote(take, index)
        local start = reaper.MIDI_GetProjQNFromPPQPos(take, from)
        local stop = reaper.MIDI_GetProjQNFromPPQPos(take, to)
        -- The start offset of a looped item may lie within a later turn: begin with the first that is heard.
        local shift = turn > 0 and math.floor((first - start) / turn) * turn or 0
        repeat
            local a, b = math.max(start + shift, first), math.min(stop + shift, last)
            -- A note that sounded before the item's edge is not struck within it: REAPER does not play it.
            if not muted and start + shift > first - HALF_TICK and a < last - HALF_TICK and b > a then
                notes[#notes + 1] = {pitch = pitch, start = a, duration = b - a, velocity = math.max(velocity, 1),
                    part = channel}
            end
            shift = shift + turn
        until turn == 0 or start + shift >= last
    end
    table.sort(notes, function(a, b)
        if a.start ~= b.start then return a.start < b.start end
        if a.part ~= b.part then return a.part < b.part end
        return a.pitch < b.pitch
    end)
    return #notes > MOST and table.move(notes, #notes - MOST + 1, #notes, 1, {}) or notes
end

-- The first barline at or after a beat, and the metre there as text.
function M.barline(beat)
    local _, from, to = reaper.TimeMap_QNToMeasures(0, beat + HALF_TICK)
    local line = beat - from < 2 * HALF_TICK and from or to
    return line, M.metre(line)
end

function M.metre(beat)
    local time = reaper.TimeMap2_QNToTime(0, beat + HALF_TICK)
    local upper, lower = reaper.TimeMap_GetTimeSigAtTime(0, time)
    return ("%d/%d"):format(upper, lower), time
end

function M.tempo(beat)
    local _, _, tempo = reaper.TimeMap_GetTimeSigAtTime(0, reaper.TimeMap2_QNToTime(0, beat + HALF_TICK))
    return math.min(math.max(tempo, 10), 400)
end

function M.item_end(item)
    local _, last = item_bounds(item)
    return last
end

-- The time selection in beats, or nil.
function M.selection()
    local from, to = reaper.GetSet_LoopTimeRange(false, false, 0, 0, false)
    if to - from < 1e-6 then return nil end
    return reaper.TimeMap2_timeToQN(0, from), reaper.TimeMap2_timeToQN(0, to)
end

function M.guid(item)
    local _, text = reaper.GetSetMediaItemInfo_String(item, "GUID", "", false)
    return text
end

-- The item of a GUID, nil where it has been deleted.
function M.find(guid)
    for index = 0, reaper.CountMediaItems(0) - 1 do
        local item = reaper.GetMediaItem(0, index)
        if M.guid(item) == guid then return item end
    end
end

-- The track of a GUID, nil where it has been deleted.
function M.find_track(guid)
    for index = 0, reaper.CountTracks(0) - 1 do
        local track = reaper.GetTrack(0, index)
        if reaper.GetTrackGUID(track) == guid then return track end
    end
end

-- Write an answer as one undo step: an item whose takes are the answer's; returns it.
-- `before`, if any, is the answer that it replaces.
function M.write(track, from, to, takes, before)
    reaper.Undo_BeginBlock()
    reaper.PreventUIRefresh(1)
    if before then reaper.DeleteTrackMediaItem(reaper.GetMediaItemTrack(before), before) end
    local item = reaper.CreateNewMIDIItemInProj(track, reaper.TimeMap2_QNToTime(0, from),
        reaper.TimeMap2_QNToTime(0, to), false)
    -- The source of a take that is added is as long as its last note: looped, its beginning would come again.
    if #takes > 1 then reaper.SetMediaItemInfo_Value(item, "B_LOOPSRC", 0) end
    for index, answer in ipairs(takes) do
        local take = reaper.GetActiveTake(item)
        if index > 1 then
            take = reaper.AddTakeToMediaItem(item)
            reaper.SetMediaItemTake_Source(take, reaper.PCM_Source_CreateFromType("MIDI"))
        end
        reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", ("Antiphon seed %d"):format(answer.seed), true)
        M.insert(take, answer.notes)
    end
    reaper.SetActiveTake(reaper.GetMediaItemTake(item, 0))
    reaper.UpdateItemInProject(item)
    reaper.PreventUIRefresh(-1)
    reaper.Undo_EndBlock("Antiphon: write answer", -1)
    reaper.UpdateArrange()
    return item
end

function M.insert(take, notes)
    reaper.MIDI_DisableSort(take)
    local ends = {} -- by channel and pitch: two notes of one pitch must not overlap
    local ordered = table.move(notes, 1, #notes, 1, {}) -- they come in the order of the model's grid
    table.sort(ordered, function(a, b) return a.start < b.start end)
    for at = #ordered, 1, -1 do
        local n = ordered[at]
        local key = n.part * 128 + n.pitch
        local stop = math.min(n.start + n.duration, ends[key] or math.huge)
        ends[key] = n.start
        if stop > n.start then
            reaper.MIDI_InsertNote(take, false, false, reaper.MIDI_GetPPQPosFromProjQN(take, n.start),
                reaper.MIDI_GetPPQPosFromProjQN(take, stop), n.part % 16, n.pitch, n.velocity, true)
        end
    end
    reaper.MIDI_Sort(take)
end

return M
