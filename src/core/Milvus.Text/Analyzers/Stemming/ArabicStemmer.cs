namespace Milvus.Text.Analyzers.Stemming;

/// <summary>
/// Arabic, light stemming by Assem Chelli and Abdelkrim Aries (snowballstem.org/algorithms/arabic/stemmer.html): affixes of nouns and verbs
/// are cut while enough letters remain.
/// </summary>
internal sealed class ArabicStemmer : Stemmer
{
    private const char FirstShape = '\uFE80';
    private const string Marks = "\u064B\u064C\u064D\u064E\u064F\u0650\u0651\u0652\u0640";
    private const string Digits = "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669";

    // The letters of U+FE80… in order, each with the number of its shapes.
    private static readonly string s_shapes = Shapes("ء1آ2أ2ؤ2إ2ئ4ا2ب4ة2ت4ث4ج4ح4خ4د2ذ2ر2ز2س4ش4ص4ض4ط4ظ4ع4غ4ف4ق4ك4ل4م4ن4ه4و2ى2ي4");

    // The ligatures of lam and alef, two shapes each, from U+FEF5 on.
    private static readonly string[] s_ligatures = ["لآ", "لأ", "لإ", "لا"];

    // In suffix tables the group says how many letters the word must have.
    private static readonly SuffixTable s_verb1 = new("", "", "", "", "ه ك", "ني نا ها هم هن كم كن", "هما كما كمو");
    private static readonly SuffixTable s_verb2A = new("", "", "", "", "ت ا ن ي", "نا تا تن", "ان ون ين تما");
    private static readonly SuffixTable s_verb2B = new("", "", "", "", "", "وا تم");
    private static readonly SuffixTable s_verb2C = new("", "", "", "", "و", "", "تمو");
    private static readonly SuffixTable s_noun1A = new("", "", "", "", "ي ك ه", "نا كم ها هن هم", "كما هما");
    private static readonly SuffixTable s_noun1B = new("", "", "", "", "", "", "ن");
    private static readonly SuffixTable s_noun2A = new("", "", "", "", "", "ا ي و");
    private static readonly SuffixTable s_noun2B = new("", "", "", "", "", "ات");
    private static readonly SuffixTable s_noun2C1 = new("", "", "", "", "ت");
    private static readonly SuffixTable s_noun2C2 = new("", "", "", "", "ة");
    private static readonly SuffixTable s_noun3 = new("", "", "", "ي");

    public override void Stem(ref StemWord word)
    {
        bool isVerb = true, isDefined = false;
        ReadOnlySpan<char> letters = word.Letters;
        if (letters.StartsWith("بال") || letters.StartsWith("كال") ? letters.Length > 4 : (letters.StartsWith("لل") || letters.StartsWith("ال")) && letters.Length > 3)
            (isVerb, isDefined) = (false, true);
        Normalize(ref word);
        if (!(isVerb && VerbSuffix(ref word)) && !NounSuffix(ref word, isDefined) && word.EndsWith("ى"))
            word.Replace(1, "ي");
        Prefix(ref word, isVerb);
        UnifyHamza(ref word);
    }

    private static void Normalize(ref StemWord word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            char letter = word[i];
            if (Marks.Contains(letter))
                word.Replace(i--, 1, "");
            else if (Digits.IndexOf(letter) is >= 0 and int digit)
                word[i] = (char)('0' + digit);
            else if (letter >= FirstShape && letter - FirstShape < s_shapes.Length)
                word[i] = s_shapes[letter - FirstShape];
            else if (letter is >= '\uFEF5' and <= '\uFEFC')
                word.Replace(i++, 1, s_ligatures[(letter - '\uFEF5') / 2]);
        }
    }

    private static bool VerbSuffix(ref StemWord word)
    {
        if (!Cut(ref word, s_verb1))
            return Cut(ref word, s_verb2B) || Cut(ref word, s_verb2A);
        while (Cut(ref word, s_verb1))
        {
        }
        if (!Cut(ref word, s_verb2A))
            Cut(ref word, s_verb2C);
        return true;
    }

    private static bool NounSuffix(ref StemWord word, bool isDefined)
    {
        if (!Cut(ref word, s_noun2C2) && !(!isDefined && FirstNounSuffix(ref word)))
        {
            bool second = Cut(ref word, s_noun1B) && (Cut(ref word, s_noun2A) || Cut(ref word, s_noun2B) || Cut(ref word, s_noun2C1));
            if (!second && !(!isDefined && Cut(ref word, s_noun2A)))
                Cut(ref word, s_noun2B);
        }
        return Cut(ref word, s_noun3);
    }

    private static bool FirstNounSuffix(ref StemWord word)
    {
        if (!Cut(ref word, s_noun1A))
            return false;
        if (!Cut(ref word, s_noun2A) && !Cut(ref word, s_noun2B))
            Cut(ref word, s_noun2C1);
        return true;
    }

    private static bool Cut(ref StemWord word, SuffixTable suffixes)
    {
        int minimum = suffixes.Find(in word, out int length);
        if (minimum < 0 || word.Length < minimum)
            return false;
        word.Cut(length);
        return true;
    }

    private static void Prefix(ref StemWord word, bool isVerb)
    {
        // A replaced prefix is passed, as in the description: what follows it is looked at next.
        int at = 0;
        if (word.Length > 3 && word[0] == 'أ' && word[1] is 'أ' or 'آ' or 'ؤ' or 'ا' or 'إ')
        {
            word.Replace(0, 2, word[1] switch { 'آ' => "آ", 'ا' => "أ", 'إ' => "إ", _ => "أ" });
            at = 1;
        }
        if (word.Length > 3 && word[at] is 'ف' or 'و' && word[at + 1] != 'ا')
            word.Replace(at, 1, "");
        if (DefinitePrefix(ref word, at) || PrepositionPrefix(ref word, at) || !isVerb)
            return;
        if (word.Length > 4 && At(in word, at, "س") && at + 1 < word.Length && word[at + 1] is 'ي' or 'ت' or 'ن' or 'أ')
        {
            word.Replace(at, 1, "");
            at++;
        }
        if (word.Length > 4 && (At(in word, at, "يست") || At(in word, at, "نست") || At(in word, at, "تست")))
            word[at] = 'ا';
    }

    private static bool DefinitePrefix(ref StemWord word, int at)
    {
        int length = At(in word, at, "بال") || At(in word, at, "كال") ? 3 : At(in word, at, "لل") || At(in word, at, "ال") ? 2 : 0;
        if (length == 0 || word.Length <= length + 2)
            return false;
        word.Replace(at, length, "");
        return true;
    }

    private static bool PrepositionPrefix(ref StemWord word, int at)
    {
        if (word.Length <= 3 || At(in word, at, "با") || !(At(in word, at, "ب") || At(in word, at, "كك")))
            return false;
        word.Replace(at, 1, "");
        return true;
    }

    private static bool At(in StemWord word, int at, string prefix) => at <= word.Length && word.Letters[at..].StartsWith(prefix);

    private static void UnifyHamza(ref StemWord word)
    {
        if (word.Length > 0 && "أإآؤئ".Contains(word.Last(1)))
            word.Replace(1, "ء");
        word.Exchange("أإآؤئ", "اااوي");
    }

    private static string Shapes(string counts)
    {
        var shapes = new System.Text.StringBuilder();
        for (int i = 0; i < counts.Length; i += 2)
            shapes.Append(counts[i], counts[i + 1] - '0');
        return shapes.ToString();
    }
}
