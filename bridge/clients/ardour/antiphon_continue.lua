ardour {
	["type"]    = "EditorAction",
	name        = "Antiphon: continue region",
	license     = "Apache-2.0",
	author      = "Antiphon",
	description = [[Continues the selected MIDI region at its next barline: the region is made longer and the answer written into it, as one undo step.]]
}

function factory () return function ()
	assert (loadfile (ARDOUR.user_config_directory (-1) .. "/scripts/antiphon.inc")) ().continue ()
end end
