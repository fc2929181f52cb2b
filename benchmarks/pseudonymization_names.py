"""Pools of names for the made-up groups: Norwegian, English, and of people who came to Norway from elsewhere.

Every pool falls into two halves, by position: documents for development take from one, those for tests from the other,
so that a test holds names that nobody has seen while improving the recognizers. First and last names are put together
by lot; nobody in particular is meant.
"""

from typing import Final

_NORWEGIAN: Final = """
    Agnes Aksel Alvhild Amund Anders Anlaug Anniken Arnfinn Arnhild Arvid Asbjørn Aslaug Astri Asta Atle Audhild Audun
    Bendik Berit Bergljot Birger Birgit Bjarne Bjørg Bjørnar Bodil Borghild Brage Brynjar Brynhild Børge Cathrine
    Dagfinn Dagny Dagrun Ebba Edel Eilert Eirin Einar Eivind Eldbjørg Eldrid Elfrid Eline Embrik Endre Erlend Eskil
    Espen Frode Gerd Gisle Gjertrud Grethe Gudbrand Gudrun Gunhild Gunnvor Guttorm Halldis Hallvard Halvor Harald
    Hedda Hege Hildegunn Hjalmar Hjørdis Håkon Håvard Idar Ingebjørg Ingrid Ingunn Ingvild Jarle Jofrid Jorunn
    Jostein Jørgen Kaia Karsten Ketil Kjartan Kjellaug Kjersti Kjetil Knut Kolbjørn Kristin Kåre Laila Leidulf Lisbet
    Ludvig Magnhild Malfrid Marit Mathea Merete Mildrid Mons Morten Narve Njål Oddbjørg Oddleif Oddvar Olaug Oskar
    Peder Petter Pål Ragna Ragnhild Rannveig Reidar Reidun Roald Roar Rønnaug Sigbjørn Signe Sigrun Sigurd Silje Sindre
    Snorre Solfrid Solveig Steinar Svanhild Sverre Synnøve Sølvi Tarjei Terje Thorvald Tiril Tobias Tora Torbjørg
    Torgrim Torhild Torleif Torunn Tove Trond Trygve Turid Tyra Unni Ulrik Valborg Vebjørn Vegard Vigdis Vilhelm
    Wenche Yngve Ylva Øivind Ørjan Øystein Åge Åse Åshild Åsmund
"""
_ENGLISH: Final = """
    Abigail Alastair Barnaby Beatrice Bernard Bridget Callum Clarissa Clive Colin Damian Deborah Derek Diana Douglas
    Edmund Eleanor Elliot Fergus Fiona Gareth Geoffrey Gillian Gordon Graham Gwendolyn Harriet Hazel Hilary Howard
    Imogen Ivor Janet Jasper Jeremy Jocelyn Keith Kenneth Leonard Lesley Malcolm Margaret Maureen Melvin Millicent
    Muriel Neville Nigel Norman Oliver Ophelia Pamela Penelope Percy Philippa Quentin Rosalind Rupert Samantha Shirley
    Stanley Stuart Sylvia Tabitha Theodore Trevor Ursula Valerie Vernon Vincent Wendy Winifred
"""
_ELSEWHERE: Final = """
    Abdirahman Adebayo Agnieszka Aisha Alejandra Amarachi Aminata Anjali Arash Asmaa Ayaan Azadeh Bahar Beata Biniam
    Bogdan Chinedu Chukwuma Danuta Deepika Dilan Dmitri Ebrahim Esra Farhad Fatuma Faisal Ghazal Giulia Goran
    Gulsen Habiba Hamza Haruka Hodan Ibrahim Ifrah Ikram Ilham Iryna Ismail Jasmina Jelena Joanna Kamala Khadija
    Kwame Lakshmi Layla Leila Ljubica Luul Magdalena Mahmoud Marwa Mehmet Mihaela Milica Mohamed Mustafa Nadira
    Naveed Nimco Ngozi Oksana Olena Omar Osman Parisa Piotr Priya Quynh Rahel Rajesh Roksana Roya Saeed Samira Sangeeta
    Selam Senait Shabana Siham Sohail Svetlana Tesfaye Thanh Tigist Trinh Usman Vikram Wanjiru Xiomara Yasmin Yonas
    Yusuf Zahra Zainab Zbigniew Zoran
"""
_LAST: Final = """
    Aasheim Abrahamsen Achebe Adeyemi Ahmadi Alnes Alvestad Amundsen Andreassen Anker Ashworth Askeland Aspelund
    Atkinson Aukland Bakke Bakken Barlow Bekkevold Berglund Bergsvik Bjerkan Bjørkelund Bjørnstad Blindheim Blomqvist
    Boateng Bogdanov Borge Bradshaw Bratberg Breivik Brekke Brekkhus Brustad Brynildsen Bråten Buchanan Bøhler Carlyle
    Chaudhry Chowdhury Cunningham Dahle Dalen Delgado Djupvik Drabløs Duffield Dyrnes Dyrhaug Ebbesen Egeland Eikeland
    Ellefsen Ellingsrud Elvebakk Engebretsen Engeset Espeland Evensvik Fagerli Fairclough Farstad Fjeldstad Fjelltveit
    Flatebø Foss Fosshaug Frøyland Fylkesnes Garvik Gebremedhin Gjerde Gjertsen Goodwin Granli Grimsrud Grønvold
    Gulliksen Gustavsen Haakonsen Haddad Hafstad Hagerup Halvorsrud Hammersmith Hanevold Hashemi Hasle Hatlestad
    Haugen Haugerud Hegdal Heimdal Hellesund Hermansen Hesjedal Hetherington Hjelmeland Hodnebrog Holmgren Hosseini
    Hovden Hussein Husebye Hustad Høiland Ibsen Indrebø Ingebrigtsen Isdal Iwanowski Jafari Jankowski Jemtland Jibril
    Jovanovic Jåtten Kaldestad Karlstad Kebede Kettleborough Khatun Kjelstrup Kjos Kleppe Kleiven Klungland Knapstad
    Kolstad Kowalczyk Krogstad Kvam Kvamme Kvinge Lillebø Langeland Langørgen Larsgard Leirvåg Leknes Lervik Lindqvist
    Lindseth Lisowska Ljungberg Loftesnes Lorentsen Lothe Lundgren Lyngstad Lysne Løken Løvås MacAllister Mahamud
    Markussen Mbeki McKenna Medhaug Mehta Mellingen Midtbø Mjelde Mjøs Moxnes Mukherjee Mundal Mwangi Myrvold Nakken
    Natvig Nesheim Ngugi Nordbø Nordgård Nordhagen Nygaard Nystrøm Næss Nøkleby Obradovic Odland Okafor Okonkwo Omdal
    Opheim Opstad Osland Osmani Ostrowski Ottesen Owusu Pemberton Penderton Petrenko Pettersson Prestegard Qureshi
    Rafoss Rahimi Ramstad Rasmussen Ravndal Reinertsen Ringdal Risnes Rokseth Rosenvinge Rudberg Rødland Røkke Røsvik
    Salvesen Sandanger Sandvold Saxegaard Sekse Sellevold Shevchenko Simensen Sivertsvik Sjåvik Skaar Skjelbred
    Skogheim Skorpen Skretting Slettebakk Smedsrud Sokolova Solbakken Solheimsvik Stavland Stensrud Stokkeland
    Storhaug Strand Strømme Sundby Svardal Sveen Sæbø Sælen Sørbø Tadesse Takle Tangen Tekle Thorkildsen Thornbury
    Thoresen Tjelta Tjønn Tollefsen Torgersen Tran Tveiten Tveitane Tysnes Ulvestad Underhaug Urdal Utne Vabø Valderhaug
    Vangsnes Vasquez Veland Venkatesan Vestbø Vestre Vikøren Vindenes Voldsund Vågen Wadsworth Warsame Westerheim
    Whitcombe Wiik Wilhelmsen Winterbourne Yilmaz Yohannes Zawadzki Østby Østerbø Øvrebø Åmodt Årdalstangen Åsebø
"""
_EVERYDAY: Final = "Will May Hope Mark Grant Grace Frank Rose Joy Faith Even Dag Liv Odd Bo Tone"
_NICKNAMES: Final = """
    Bibbi Bassen Bitten Buster Didi Dodo Fifi Gogo Jojo Kaisen Kiki Koko Lillemor Lolo Lulle Mickan Mosse Nanna
    Nusse Pelle Pippa Plym Rikki Rulle Sissa Stumpen Tassen Tita Totto Truls Tulla Tuppen Vesla Vivi Zuzu
"""
FIRST: Final = tuple(sorted(f"{_NORWEGIAN} {_ENGLISH} {_ELSEWHERE}".split()))
LAST: Final = tuple(_LAST.split())
EVERYDAY: Final = tuple(_EVERYDAY.split())
"""First names that are everyday words too: they stand only where a capital can tell."""
NICKNAMES: Final = tuple(_NICKNAMES.split())
SHORT: Final = {
    "Abdirahman": "Abdi",
    "Alejandra": "Ale",
    "Beatrice": "Bea",
    "Deborah": "Debbie",
    "Eleanor": "Ellie",
    "Fredrik": "Freddy",
    "Geoffrey": "Geoff",
    "Gillian": "Gilly",
    "Gwendolyn": "Gwen",
    "Jeremy": "Jez",
    "Jørgen": "Jøggen",
    "Kenneth": "Kenny",
    "Kristin": "Kris",
    "Leonard": "Lenny",
    "Magdalena": "Magda",
    "Margaret": "Maggie",
    "Mohamed": "Mo",
    "Oliver": "Ollie",
    "Pamela": "Pam",
    "Penelope": "Penny",
    "Philippa": "Pip",
    "Ragnhild": "Raggen",
    "Samantha": "Sammy",
    "Sigurd": "Sigge",
    "Stanley": "Stan",
    "Theodore": "Teddy",
    "Torbjørg": "Tobben",
    "Valerie": "Val",
    "Vincent": "Vinnie",
    "Winifred": "Winnie",
    "Zbigniew": "Zbyszek",
}
"""Short forms that people use; others go by the beginning of their name, or by a nickname."""
