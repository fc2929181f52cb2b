"""What the sentences of the made-up groups are filled with where it is no name: roles and descriptions; notes, titles.

Of a role, what stands in pointed brackets has to be caught. Halves as in `pseudonymization_names`.
"""

from typing import Final

from benchmarks.pseudonymization_talk import sentences

_ROLES: Final = """
    * the <only male occupational therapist> in the county
    * the <only psychologist> on the island
    * the <head of the outpatient team>
    * the <first peer worker> in the region
    * the <only Somali-speaking nurse> on the ward
    * the <leader of the local fishermen's association>
    * the <only deaf social worker> in the service
    * the <youngest chief physician> in the country
    * the <union representative> at the hospital
    * the <only child psychiatrist> north of the fjord
    * the <former mayor>
    * the <hospital chaplain>
    * the <goalkeeper of the women's national team>
    * the <only night nurse> in the village
    * the <deputy head of the school>
    * the <first female fire chief> up there
"""
_FAMILY: Final = """
    * my twin daughters
    * my three adopted boys
    * a husband who is the vicar
    * five kids under ten
    * a brother in prison
    * triplets at home
"""
_ILLNESS: Final = """
    * Wilson's disease
    * narcolepsy
    * Huntington's
    * a heart transplant
    * Marfan syndrome
    * porphyria
"""
_AWARD: Final = """
    * the King's Medal of Merit
    * the county's prize for nursing
    * the Nansen scholarship
    * the teacher of the year award
    * the rescue medal
    * the national chess title
"""
_WORKPLACE: Final = """
    * the only clinic on the island
    * the old sanatorium by the lake
    * the yellow building behind the station
    * the northernmost ward in the country
    * the place that was on television
    * the ward that burned down
"""
ROLES: Final = sentences(_ROLES)
DESCRIPTIONS: Final = {
    "family": sentences(_FAMILY),
    "illness": sentences(_ILLNESS),
    "award": sentences(_AWARD),
    "workplace": sentences(_WORKPLACE),
    "country": ("Norway", "Sweden", "Somalia", "Poland", "Eritrea", "England", "Iran", "Denmark"),
}
"""What may single somebody out, and no machine can be expected to tell."""
NOTES: Final = (
    "{person} quiet since the break",
    "come back to {person's} point about families",
    "{initials} and {initials} sit together",
    "{third} mentioned again, who is that?",
    "ask about {town} at the end",
    "{person}: good quote on hope",
    "check what {person} meant by the quiet ones",
    "phone from {third} during the group",
)
TITLES: Final = ("Group at {site}", "IMR leaders in {place}", "Practitioners, {site}", "Focus group {place}")
