"""Names of people and companies, and the ways one name is spelt in different systems. All invented."""

from __future__ import annotations

from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words(
    """Anna Ben Carla David Elena Felix Greta Hugo Ines Jonas Klara Liam Marta Noah Olivia Paul Rosa Samuel Tessa
Viktor Amara Bruno Chiara Diego Emilia Farid Giulia Hannah Ivan Jasmin Kofi Leila Mateo Nadia Oscar Priya Quentin
Rahel Stefan Tamara Umar Vera Wanda Xavier Yara Zoltan Aisha Björn Céline Dörte Émile Françoise Göran Hélène Íris
José Kåre Lucía Márton Núria Óscar Petra René Søren Tomáš Ursula Véronique Wojciech Zoë Robert William Elizabeth
Katherine Michael Alexander Thomas Christopher Margaret Joseph Benjamin Samantha Nicholas Jennifer Daniel"""
)

NICKNAMES = {
    "Robert": "Bob", "William": "Bill", "Elizabeth": "Liz", "Katherine": "Kate", "Michael": "Mike",
    "Alexander": "Alex", "Thomas": "Tom", "Christopher": "Chris", "Margaret": "Peggy", "Joseph": "Joe",
    "Benjamin": "Ben", "Samantha": "Sam", "Nicholas": "Nick", "Jennifer": "Jen", "Daniel": "Dan",
}  # fmt: skip

_FRONT = _words(
    """Linden Harts Wald Stein Ber Gran Kirk Nor Ash Whit Bram Holm Rosen Fal Mor Del Cast Mont Val Ver Sand Win
Thorn Hale Marl Black Fair Ever Iron Gold Lund Ost Kal Dom Bel Tar Quin Ram Sil Zan"""
)
_BACK = _words(
    """berg feld mann stein ley ton wood by sen son ard ini ova ez ier well dale ford hurst mark win ner quist
land rup"""
)

ACCENTED = {
    "Müller": "Mueller", "Sørensen": "Sorensen", "Łukasik": "Lukasik", "Novák": "Novak", "García": "Garcia",
    "Öztürk": "Ozturk", "Dvořák": "Dvorak", "Lefèvre": "Lefevre", "Weiß": "Weiss", "Nuñez": "Nunez",
    "Åkesson": "Akesson", "Gonçalves": "Goncalves", "Bäcker": "Baecker", "Jørgensen": "Jorgensen",
}  # fmt: skip

STRANGE = (
    ("O", "O'Brien"), ("王", "小明"), ("さくら", "田中"), ('"Rob"', "Smithson"), ("Lee", "Carter, Jr."),
    ("=1+1", "Formulason"), ("NA", "Natural"), ("None", "Nonesuch"), ("Ann Marie", "de la Cruz-Núñez"),
    ("Null", "Nullman"), ("@SUM(A1)", "Atkins"), ("Zoë\u0308", "Combining"), ("Ян", "Иванов"), ("N'Golo", "NA"),
    ("+49", "Plusser"), ("-", "Dash"), ("True", "Truesdale"), ("0012", "Zeroes"), ("J.", "None"), ("Élodie", "Null"),
)  # fmt: skip
"""Names that trip readers: quotes, commas, formulas, words that parsers take for a missing value, other scripts."""

_PLAIN = str.maketrans("áàâäåãçčéèêëíìîïłñńóòôöøõřšúùûüýžßØÖÅÍÓÉ", "aaaaaacceeeeiiiilnnoooooorsuuuuyzsOOAIOE")

COMPANY_FRONT = _words(
    """Kestrel Juniper Harbor Meridian Cobalt Aurora Falcon Granite Willow Summit Orchid Quartz Beacon
Cedar Lumen Tidal Vertex Nimbus Saffron Boreal Copper Delta Ember Fjord Glacier Halcyon Indigo Jasper Krypton
Larkspur Monarch Nectar Onyx Pinnacle Quasar Raven Solstice Tundra Umbra Vantage"""
)
COMPANY_BACK = {
    "Finance": ("Capital", "Bank", "Insurance", "Asset Management", "Credit"),
    "Technology": ("Software", "Systems", "Data", "Cloud", "Robotics"),
    "Manufacturing": ("Works", "Metals", "Machines", "Plastics", "Tooling"),
    "Healthcare": ("Clinics", "Pharma", "Medical", "Diagnostics", "Care"),
    "Retail": ("Stores", "Outfitters", "Markets", "Foods", "Home"),
    "Energy": ("Power", "Solar", "Grid", "Wind", "Fuels"),
}
LEGAL = ("", " GmbH", " Ltd", " Inc.", " SA", " AG", " BV", " & Sons", ", Inc")
INDUSTRIES = (
    ("Finance",) * 6
    + ("Technology",) * 6
    + ("Manufacturing",) * 4
    + ("Healthcare",) * 3
    + ("Retail",) * 3
    + ("Energy",) * 2
)

PLACES = (
    ("Frankfurt", "Germany"), ("Berlin", "Germany"), ("Paris", "France"), ("London", "United Kingdom"),
    ("Toronto", "Canada"), ("New York", "United States"), ("Austin", "United States"), ("São Paulo", "Brazil"),
    ("Kraków", "Poland"), ("東京", "Japan"), ("Zürich", "Switzerland"), ("Copenhagen", "Denmark"),
)  # fmt: skip

TITLES = {
    "Marketing": ("Marketing Manager", "Director of Marketing", "VP Marketing", "Campaign Manager", "CMO Office Assistant"),
    "IT": ("IT Manager", "Director of IT", "VP Engineering", "System Architect", "CIO Liaison"),
    "Human Resources": ("HR Manager", "Director of HR", "VP People", "Recruiter"),
    "Finance": ("Controller", "Finance Director", "CFO", "Accountant"),
    "Sales": ("Sales Manager", "Account Executive", "VP Sales", "Sales Engineer"),
    "Operations": ("Operations Manager", "COO", "Plant Manager", "Buyer, Indirect"),
}  # fmt: skip
DEPARTMENTS = tuple(TITLES)
EXECUTIVE = (
    "CMO", "CIO", "Chief Marketing Officer", "Chief Information Officer", "CHIEF MARKETING OFFICER",
    "Deputy Chief Information Officer", "EVP & Chief Marketing Officer",
)  # fmt: skip
"""Titles of marketing and information chiefs: the ones an account may lack."""

FREE_MAIL = ("gmail.com", "hotmail.com", "outlook.com", "yahoo.com", "gmx.de", "web.de")
ROLE_MAILBOXES = ("info", "sales")
PLACEHOLDERS = ("noemail@noemail.com", "none@none.com", "test@test.com")
HOSTING = (
    "https://www.facebook.com/{}",
    "https://www.linkedin.com/company/{}",
    "https://sites.google.com/{}",
)


def plain(text: str) -> str:
    """Without accents: what somebody types who hasn't the keys."""
    return text.translate(_PLAIN)


def person_name(random: Random) -> tuple[str, str]:
    first = FIRST[int(random.random() * len(FIRST))]
    if random.random() < 0.06:
        return first, random.choice(tuple(ACCENTED))
    return first, random.choice(_FRONT) + random.choice(_BACK)


def other_first(random: Random, first: str) -> str:
    """A nickname, an initial, another case, no accents, or a typo."""
    roll = random.random()
    if roll < 0.3 and first in NICKNAMES:
        return NICKNAMES[first]
    if roll < 0.45:
        return first[:1] + "."
    if roll < 0.7:
        return plain(first)
    return first.upper() if roll < 0.85 else typo(random, first)


def other_last(random: Random, last: str) -> str:
    """Without accents, in capitals, or with a typo: always one of at most two spellings besides case."""
    return ACCENTED.get(last) or (last.upper() if random.random() < 0.5 else last[:-1])


def typo(random: Random, text: str) -> str:
    """Two neighbouring letters swapped."""
    if len(text) < 4:
        return text
    place = random.randrange(1, len(text) - 2)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def mail_name(text: str) -> str:
    """The part of a name that an address can hold."""
    return "".join(c for c in plain(text).lower() if c.isascii() and c.isalnum())
