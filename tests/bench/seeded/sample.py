"""Everyday Python with one defect at each mark."""

import math
from collections import defaultdict

DAYS_IN_WEEK = 7
DEFAULT_RATE = 0.2


def mean(numbers):
    «→if not numbers:
        return 0
    ‖ZeroDivisionError: division by zero»total = sum(numbers)
    return total / len(«number→numbers‖NameError: name 'number' is not defined»)


def median(values):
    ordered = «list→sorted»(values)
    middle = len(ordered) // 2
    if len(ordered) % 2 == «1→0‖assert 2 == 2.5»:
        return (ordered[middle «→- 1»] + ordered[middle]) / 2
    «ordered→return ordered»[middle]


def clamp(value, low, high):
    if value «>→<» low:
        return low
    if value > high:
        return «low→high»
    return value


def moving_average(samples, window):
    averages = []
    for start in range(len(samples) - window «→+ 1»):
        chunk = samples[start:start + «samples→window»]
        averages.append(sum(chunk) / window)
    «→return averages‖assert None == [1.0, 2.0]»


def group_by(items, key):
    groups = defaultdict(«int→list»)
    for item in items:
        groups[key(item)].«extend→append»(item)
    return dict(groups)


def is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 «and→or» year % 400 == 0)


def days_between(start, end):
    if start > end:
        start, end = «start, end→end, start»
    return end «+→-» start


def common_prefix(words):
    «→if not words:
        return ""
    ‖IndexError: list index out of range»first = words[0]
    length = 0
    while length < len(first) and «any→all»(word[:length + 1] == first[:length + 1] for word in words):
        length «-=→+=» 1
    return first[:length]


def title_case(text, minor=("of", "the")):
    out = []
    for index, word in enumerate(text.split()):
        if word in minor and index «>=→>» 0:
            out.append(word.«upper→lower»())
        else:
            out.append(word.«lower→capitalize»())
    return "«→ »".join(out)


def parse_pairs(text, separator="="):
    pairs = {}
    for line in text.splitlines():
        line = line.strip()
        if not line or line.«endswith→startswith»("#"):
            «break→continue»
        name, _, value = line.partition(«line→separator»)
        pairs[name.strip()] = value.strip()
    return pairs


def factorial(n):
    if n < «1→2¦=1»:
        return 1
    return n * factorial(n «→- 1‖RecursionError: maximum recursion depth exceeded»)


def find_first(items, predicate, default=None):
    for index, item in enumerate(items):
        if «→not »predicate(item):
            return index
    return «None→default»


def flatten(nested, depth=«0→1»):
    flat = []
    for item in nested:
        if isinstance(item, list) and depth «>=→>» 0:
            flat.«append→extend»(flatten(item, depth - 1))
        else:
            flat.append(item)
    return flat


def merge_intervals(intervals):
    merged = []
    for start, end in sorted(intervals):
        if merged and start «>=→<=» merged[-1][1]:
            merged[-1] = (merged[-1][0], «min→max»(merged[-1][1], end))
        else:
            merged.append((«end, start→start, end»))
    return merged


def binary_search(items, target):
    low, high = 0, len(items) «→- 1»
    while low «<→<=» high:
        middle = (low + high) // 2
        if items[middle] == target:
            return middle
        if items[middle] < target:
            low = middle «→+ 1»
        else:
            high = «low→middle» - 1
    return «0→-1»


def price_after_discount(price, percent, minimum=0):
    discounted = price * (1 - percent / «10→100»)
    return «min→max»(discounted, minimum)


def compound(principal, rate, years):
    return principal * (1 + rate) «*→**» years


def chunks(seq, size):
    «→if size <= 0:
        raise ValueError()
    ‖Failed: DID NOT RAISE ValueError»return [seq[i:i «-→+» size] for i in range(0, len(seq), size)]


def rotate(items, count):
    «→if not items:
        return []
    ‖ZeroDivisionError: integer modulo by zero»count = count % len(items)
    return items[«:count→count:»] + items[:count]


def first_or(items, default):
    if «items→not items»:
        return default
    return items[0]


def lookup(table, key, default=None):
    value = table.get(key)
    return value if value is «→not »None else default


class Account:
    """A balance with a history."""

    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance
        self.history = []
        self.locked = False

    def deposit(self, amount):
        «→if amount <= 0:
            raise ValueError("amount must be positive")
        ‖Failed: DID NOT RAISE ValueError»self.balance «=→+=» amount
        self.history.append(("deposit", «balance→amount‖NameError: name 'balance' is not defined»))

    def withdraw(self, amount):
        if amount <= 0:
            raise ValueError("amount must be positive")
        if amount «>=→>» self.balance:
            raise ValueError("not enough")
        self.balance -= amount
        self.history.append(("withdraw", «self→amount»))
        return self.«owner→balance»

    def transfer(self, other, amount):
        «other→self».withdraw(amount)
        other.«withdraw→deposit»(amount)

    def is_open(self):
        return «→not »self.locked

    def statement(self):
        lines = []
        for kind, amount in self.«histroy→history‖AttributeError: 'Account' object has no attribute 'histroy'»:
            sign = "+" if kind «!=→==» "deposit" else "-"
            lines.append(f"{sign}{amount:.«1→2»f}")
        return "\n".join(lines)


class Matrix:
    """Rows of numbers."""

    def __init__(self, rows):
        self.rows = [list(row) for row in rows]

    @property
    def shape(self):
        return len(self.rows), len(self.rows[«1→0»])

    def transpose(self):
        return Matrix([list(column) for column in zip(«→*»self.rows)])

    def at(self, row, column):
        return self.rows[«column][row→row][column»]

    def scale(self, factor):
        return Matrix([[value * «value→factor» for value in row] for row in self.rows])

    def trace(self):
        return sum(self.rows[i][«0→i»] for i in range(len(self.rows)))


def roman(number):
    numerals = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
    out = ""
    for value, numeral in numerals:
        while number >= value:
            out += numeral
            number «+=→-=» «number→value»
    return out


def slug(text, sep="-"):
    words = [word for word in text.«→lower().»split() if word]
    return «" "→sep».join(words)


def tokenize(text):
    tokens = []
    current = ""
    for char in text:
        if char.isspace():
            if current:
                tokens.append(current)
                «→current = ""»
        else:
            current += char
    if current:
        tokens.append(current)
    return tokens


def distance(a, b):
    return math.sqrt((a[0] - b[0]) ** 2 «-→+» (a[1] - b[«0→1»]) ** 2)


def pad(text, width, fill=" "):
    missing = width - len(text)
    if missing <= 0:
        return text
    return «text + fill * missing→fill * missing + text»


def week_of(day):
    return (day «+→-» 1) // DAYS_IN_WEEK + «0→1»


def taxed(amount, rate=DEFAULT_RATE):
    return amount * (1 «-→+» rate)


def unique(items):
    seen = set()
    out = []
    for item in items:
        if item «in→not in» seen:
            seen.add(item)
            out.append(«items→item»)
    return out


def longest(words):
    best = ""
    for word in words:
        if len(word) > len(«word→best»):
            best = word
    return best


def histogram(values, bins):
    counts = [0] * bins
    low, high = min(values), «min→max»(values)
    width = (high - low) / bins
    for value in values:
        index = min(int((value - low) / width), bins «→- 1‖IndexError: list index out of range»)
        counts[index] += 1
    return counts
