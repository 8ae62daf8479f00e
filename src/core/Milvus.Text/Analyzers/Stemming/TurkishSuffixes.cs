namespace Milvus.Text.Analyzers.Stemming;

/// <summary>
/// A Turkish word whose suffixes are recognised from its end: <see cref="Passed"/> letters are behind the cursor. Each question passes a suffix
/// when it stands there in vowel harmony, and leaves the cursor alone when not. Capital letters in names stand for letters that vary.
/// </summary>
internal ref struct TurkishSuffixes(StemWord word)
{
    private const string Vowels = "aeıioöuü";
    private const string HighVowels = "ıiuü";

    private static readonly SuffixTable s_possessives = new("mız miz muz müz nız niz nuz nüz m n");
    private static readonly SuffixTable s_larI = new("leri ları");
    private static readonly SuffixTable s_nu = new("nı ni nu nü");
    private static readonly SuffixTable s_un = new("ın in un ün");
    private static readonly SuffixTable s_a = new("a e");
    private static readonly SuffixTable s_na = new("na ne");
    private static readonly SuffixTable s_da = new("da de ta te");
    private static readonly SuffixTable s_nda = new("nda nde");
    private static readonly SuffixTable s_dan = new("dan den tan ten");
    private static readonly SuffixTable s_ndan = new("ndan nden");
    private static readonly SuffixTable s_la = new("la le");
    private static readonly SuffixTable s_ca = new("ca ce");
    private static readonly SuffixTable s_um = new("ım im um üm");
    private static readonly SuffixTable s_sun = new("sın sin sun sün");
    private static readonly SuffixTable s_uz = new("ız iz uz üz");
    private static readonly SuffixTable s_sunuz = new("sınız siniz sunuz sünüz");
    private static readonly SuffixTable s_lar = new("ler lar");
    private static readonly SuffixTable s_nuz = new("nız niz nuz nüz");
    private static readonly SuffixTable s_dur = new("tır tir tur tür dır dir dur dür");
    private static readonly SuffixTable s_casina = new("casına cesine");

    private static readonly SuffixTable s_du = new(
        "tım tim tum tüm dım dim dum düm tın tin tun tün dın din dun dün tık tik tuk tük dık dik duk dük tı ti tu tü dı di du dü");

    private static readonly SuffixTable s_sa = new("sam san sak sem sen sek sa se");
    private static readonly SuffixTable s_mus = new("mış miş muş müş");

    /// <summary>The word as far as it has been cut.</summary>
    public StemWord Word = word;

    /// <summary>Letters between the cursor and the word's end. Only these may be set back.</summary>
    public int Passed { get; set; }

    public bool Possessive() => Pass(s_possessives, harmony: false) is var length && length > 0 && KeepIf(OptionalHighVowel(), length);

    public bool LArI() => Pass(s_larI, harmony: false) > 0;

    public bool Nu() => Pass(s_nu) > 0;

    public bool NUn() => PassWith(s_un, 'n');

    public bool Ya() => PassWith(s_a, 'y');

    public bool Na() => Pass(s_na) > 0;

    public bool Da() => Pass(s_da) > 0;

    public bool Nda() => Pass(s_nda) > 0;

    public bool Dan() => Pass(s_dan) > 0;

    public bool Ndan() => Pass(s_ndan) > 0;

    public bool YlA() => PassWith(s_la, 'y');

    public bool Nca() => PassWith(s_ca, 'n');

    public bool YUm() => PassWith(s_um, 'y');

    public bool SUn() => Pass(s_sun) > 0;

    public bool YUz() => PassWith(s_uz, 'y');

    public bool SUnUz() => Pass(s_sunuz, harmony: false) > 0;

    public bool LAr() => Pass(s_lar) > 0;

    public bool NUz() => Pass(s_nuz) > 0;

    public bool DUr() => Pass(s_dur) > 0;

    public bool CAsInA() => Pass(s_casina, harmony: false) > 0;

    public bool YDU() => PassWith(s_du, 'y');

    public bool YsA() => PassWith(s_sa, 'y', harmony: false);

    public bool YmUs() => PassWith(s_mus, 'y');

    public bool Yken() => PassText("ken") && KeepIf(Optional('y'), 3);

    public bool Ki() => PassText("ki");

    public bool Su() => PassHighVowel('s');

    public bool Yu() => PassHighVowel('y');

    /// <summary>Cuts what was passed since <paramref name="from"/> letters were.</summary>
    public void Cut(int from)
    {
        Word.Replace(Word.Length - Passed, Passed - from, "");
        Passed = from;
    }

    private readonly char Letter(int back) => Word.Last(Passed + back);

    private readonly bool IsVowel(int back) => Letter(back) is var letter && letter != '\0' && Vowels.Contains(letter);

    private readonly bool IsConsonant(int back) => Letter(back) is var letter && letter != '\0' && !Vowels.Contains(letter);

    private int Pass(SuffixTable suffixes, bool harmony = true)
    {
        if (harmony && !IsInHarmony())
            return 0;
        StemWord before = Word;
        before.Cut(Passed);
        suffixes.Find(in before, out int length);
        Passed += length;
        return length;
    }

    private bool PassWith(SuffixTable suffixes, char optional, bool harmony = true) =>
        Pass(suffixes, harmony) is var length && length > 0 && KeepIf(Optional(optional), length);

    private bool PassHighVowel(char optional)
    {
        if (!IsInHarmony() || !HighVowels.Contains(Letter(1)) || Letter(1) == '\0')
            return false;
        Passed++;
        return KeepIf(Optional(optional), 1);
    }

    private bool PassText(string text)
    {
        if (!Word.EndsWith(text, Passed))
            return false;
        Passed += text.Length;
        return true;
    }

    private bool KeepIf(bool holds, int length)
    {
        if (!holds)
            Passed -= length;
        return holds;
    }

    /// <summary>Passes a linking consonant behind a vowel; without one, the suffix must follow a vowel and one more letter.</summary>
    private bool Optional(char consonant)
    {
        if (Letter(1) != consonant)
            return Letter(1) != '\0' && IsVowel(2);
        if (!IsVowel(2))
            return false;
        Passed++;
        return true;
    }

    private bool OptionalHighVowel()
    {
        if (Letter(1) == '\0' || !HighVowels.Contains(Letter(1)))
            return Letter(1) != '\0' && IsConsonant(2);
        if (!IsConsonant(2))
            return false;
        Passed++;
        return true;
    }

    /// <summary>The last vowel agrees with a vowel before it.</summary>
    private readonly bool IsInHarmony()
    {
        int last = 1;
        while (!IsVowel(last))
        {
            if (Letter(last) == '\0')
                return false;
            last++;
        }
        string partners = Letter(last) switch
        {
            'a' => "aıou",
            'e' => "eiöü",
            'ı' => "aı",
            'i' => "ei",
            'o' or 'u' => "ou",
            _ => "öü",
        };
        for (int back = last + 1; Letter(back) != '\0'; back++)
        {
            if (partners.Contains(Letter(back)))
                return true;
        }
        return false;
    }
}
