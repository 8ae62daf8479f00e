namespace Milvus.Text.Analyzers.Stemming;

/// <summary>
/// Tamil, by Damodharan Rajalingam (snowballstem.org/algorithms/tamil/stemmer.html): demonstrative and question prefixes, then attached words,
/// cases, plurals and tenses are cut, and what is left of a joint between parts is mended. Dependent vowel signs and the pulli, which marks a
/// consonant without a vowel, are letters of their own.
/// </summary>
internal sealed class TamilStemmer : Stemmer
{
    private const char Pulli = '\u0BCD';
    private const char Ai = '\u0BC8';
    private const string VowelSigns = "\u0BBE\u0BBF\u0BC0\u0BC1\u0BC2\u0BC6\u0BC7\u0BC8";
    private const string Vowels = "அஆஇஈஉஊஎஏஐஒஓஔ";
    private const string Hard = "கசடதபற";
    private const string NotHard = "யரலவழளஙஞணநமன";
    private const string BehindPrefix = "கசதவநபமயஙஞ";

    // In the tables below group 0 is cut, group 1 leaves a pulli; the groups behind these have conditions.
    private static readonly SuffixTable s_attached = new(
        "படு பட்ட பட்டு பட்டது பட்டண குரிய பற்றி விடு விட்டு படிதான படி தான ெல்லாம்",
        "ுடன் ில்லை ிடம் ின்றி ாகி ாகிய ென்று ுள்ள ுடைய ுடை ெனும் ென",
        "ல்ல");

    private static readonly SuffixTable s_cases = new(
        "கண் முன் மேல் மேற் கீழ்", "ொடு ோடு ில் ிற் ின்று ிருந்து விட ால் ாமல் ுள்", "ின்", "ிடம்", "ல்", "து");

    private static readonly SuffixTable s_tenses = new(
        "கொண்டிர் படு மார் மின் னன் னான் னாள் னார் னள் வள் னர் வர் ன ப க த ய பன் பள் பர் ிற்று பம் னம் தும் றும் கும் னென் னை வை",
        "ாள் ார் ேன் ா ாம் ெம் ேம் ோம் டும் ாய் னிர் ீர் ீயர்",
        "வன்",
        "து",
        "ான்",
        "கு");

    private static readonly SuffixTable s_presents = new("ாநின்ற ாநின்ற் கின்ற கின்ற் கிற கிற்");

    public override void Stem(ref StemWord word)
    {
        FixEnding(ref word, behindCase: false);
        if (IsShort(in word))
            return;
        Prefix(ref word, "எ");
        Prefix(ref word, "அஇஉ");
        Question(ref word);
        if (!IsShort(in word) && Change(ref word, "ும்", "்"))
            FixEnding(ref word, behindCase: false);
        AttachedWord(ref word);
        bool behindCase = Case(ref word);
        Plural(ref word);
        if (!IsShort(in word) && !word.CutEnd("பி"))
            word.CutEnd("வி");
        while (Tense(ref word, behindCase))
        {
        }
    }

    private static bool IsShort(in StemWord word) => word.Length <= 4;

    /// <summary>Cuts a vowel and the doubled consonant behind it.</summary>
    private static void Prefix(ref StemWord word, string vowels)
    {
        if (word.Length < 3 || !vowels.Contains(word[0]) || !BehindPrefix.Contains(word[1]) || word[2] != Pulli)
            return;
        word.Replace(0, 3, "");
        if (word.Length < 2 || word[0] != 'வ')
            return;
        string? vowel = word[1] switch { '\u0BCB' => "ஓ", '\u0BCA' => "ஒ", '\u0BC1' => "உ", '\u0BC2' => "ஊ", _ => null };
        if (vowel is not null)
            word.Replace(0, 2, vowel);
    }

    private static void Question(ref StemWord word)
    {
        if (IsShort(in word))
            return;
        if (word.Last(1) is '\u0BCB' or '\u0BC7' or '\u0BBE')
            word[word.Length - 1] = Pulli;
        FixEndings(ref word, behindCase: false);
    }

    /// <summary>Words that are written together with the one before.</summary>
    private static void AttachedWord(ref StemWord word)
    {
        if (IsShort(in word))
            return;
        int group = s_attached.Find(in word, out int length);
        if (group < 0 || (group == 2 && IsBehindVowelSign(in word, length)))
            return;
        word.Replace(length, group == 0 ? "" : "்");
        FixEndings(ref word, behindCase: false);
    }

    private static bool Case(ref StemWord word)
    {
        if (IsShort(in word) || !CaseSuffix(ref word))
            return false;
        Change(ref word, "ின்", "்");
        FixEndings(ref word, behindCase: true);
        return true;
    }

    private static bool CaseSuffix(ref StemWord word)
    {
        if (word.Last(1) == Ai)
            return word.CutEnd("னை") || Accusative(ref word) || Change(ref word, "ுடை", "்");
        int group = s_cases.Find(in word, out int length);
        bool cuts = group switch
        {
            0 or 1 => true,
            2 => word.Last(length + 1) != 'ம',
            3 => word.Length >= 7,
            4 or 5 => !IsBehindVowelSign(in word, length),
            _ => false,
        };
        if (!cuts)
            return Change(ref word, "ீ", "ி");
        word.Replace(length, group is 0 or 5 ? "" : "்");
        return true;
    }

    /// <summary>-ai, though not behind a single hard consonant.</summary>
    private static bool Accusative(ref StemWord word)
    {
        if (Hard.Contains(word.Last(2)) && word.Last(3) != Pulli)
            return false;
        word.Replace(1, "்");
        return true;
    }

    private static void Plural(ref StemWord word)
    {
        if (word.EndsWith("ுங்கள்") && !Hard.Contains(word.Last(7)))
            word.Replace(6, "்");
        else if (!Change(ref word, "ற்கள்", "ல்") && !Change(ref word, "ட்கள்", "ள்"))
            word.CutEnd("கள்");
    }

    /// <returns>False when there was none.</returns>
    private static bool Tense(ref StemWord word, bool behindCase)
    {
        if (IsShort(in word))
            return false;
        int group = s_tenses.Find(in word, out int length);
        bool cuts = group switch
        {
            0 or 1 => true,
            2 => !Vowels.Contains(word.Last(length + 1)),
            3 => !IsBehindVowelSign(in word, length),
            4 => word.Last(length + 1) != 'ச',
            5 => word.Last(length + 1) == Pulli,
            _ => false,
        };
        if (cuts)
            word.Replace(length, group is 1 or 4 ? "்" : "");
        if (s_presents.Find(in word, out length) >= 0)
        {
            word.Cut(length);
            cuts = true;
        }
        FixEndings(ref word, behindCase);
        return cuts;
    }

    private static void FixEndings(ref StemWord word, bool behindCase)
    {
        while (FixEnding(ref word, behindCase))
        {
        }
    }

    /// <summary>Mends an end that is only found before another part of a word.</summary>
    /// <param name="behindCase">A case was cut from the word.</param>
    private static bool FixEnding(ref StemWord word, bool behindCase)
    {
        if (word.Length <= 3)
            return false;
        if (word.Last(1) != Pulli)
            return word.CutEnd("ந்த") || word.CutEnd("வ") || word.CutEnd("ய") || (!IsBehindVowelSign(in word, 2) && word.CutEnd("னு"));
        if (word.CutEnd("ந்த்") || word.CutEnd("ந்"))
            return true;
        char last = word.Last(2), before = word.Last(3);
        if (last == 'ய' && before is Ai or '\u0BBF' or '\u0BC0')
            return Cut(ref word, 2);
        if (Change(ref word, "ட்ப்", "ள்") || Change(ref word, "ட்க்", "ள்") || Change(ref word, "ன்ற்", "ல்") || Change(ref word, "ற்க்", "ல்"))
            return true;
        if (Change(ref word, "ட்ட்", "டு") || (behindCase && word.Last(5) != Ai && Change(ref word, "த்த்", "ம்")))
            return true;
        if (Change(ref word, "ுக்", "்") || Change(ref word, "ுக்க்", "்"))
            return true;
        if (Hard.Contains(last))
            return Cut(ref word, before == Pulli && Hard.Contains(word.Last(4)) ? 4 : 2);
        if ((before == Pulli && NotHard.Contains(last)) || last == 'வ')
            return Cut(ref word, 2);
        if (last == 'ங')
            return before == Ai ? Cut(ref word, 2) : Change(ref word, "ங்", "ம்");
        return (last == Pulli || VowelSigns.Contains(last)) && Cut(ref word, 1);
    }

    private static bool IsBehindVowelSign(in StemWord word, int cut) => VowelSigns.Contains(word.Last(cut + 1));

    private static bool Cut(ref StemWord word, int count)
    {
        word.Cut(count);
        return true;
    }

    private static bool Change(ref StemWord word, string suffix, string replacement)
    {
        if (!word.EndsWith(suffix))
            return false;
        word.Replace(suffix.Length, replacement);
        return true;
    }
}
