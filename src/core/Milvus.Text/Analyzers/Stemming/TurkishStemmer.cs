namespace Milvus.Text.Analyzers.Stemming;

/// <summary>
/// Turkish, by Evren (Kapusuz) Çilden (snowballstem.org/algorithms/turkish/stemmer.html): chains of nominal verb suffixes, then of noun
/// suffixes, are taken off from the end.
/// </summary>
internal sealed class TurkishStemmer : Stemmer
{
    private const string Vowels = "aeıioöuü";

    public override void Stem(ref StemWord word)
    {
        if (word.BehindVowel(0, Vowels) is not (>= 0 and int first) || word.BehindVowel(first, Vowels) < 0)
            return;
        var suffixes = new TurkishSuffixes(word);
        bool goOn = NominalVerb(ref suffixes);
        if (goOn)
        {
            suffixes.Passed = 0;
            Noun(ref suffixes);
        }
        word = suffixes.Word;
        if (goOn && word.Letters is not ("ad" or "soyad"))
            Finish(ref word);
    }

    /// <returns>False when noun suffixes must stay.</returns>
    private static bool NominalVerb(ref TurkishSuffixes s)
    {
        bool goOn = true;
        if (s.YmUs() || s.YDU() || s.YsA() || s.Yken() || AdverbWithPast(ref s))
        {
        }
        else if (s.LAr())
        {
            s.Cut(0);
            _ = s.DUr() || s.YDU() || s.YsA() || s.YmUs();
            goOn = false;
        }
        else if (PossessiveWithPast(ref s))
        {
        }
        else if (s.SUnUz() || s.YUz() || s.SUn() || s.YUm())
        {
            s.Cut(0);
            s.YmUs();
        }
        else if (s.DUr())
        {
            s.Cut(0);
            _ = s.SUnUz() || s.LAr() || s.YUm() || s.SUn() || s.YUz();
            if (!s.YmUs())
                s.Passed = 0;
        }
        else
        {
            return true;
        }
        s.Cut(0);
        return goOn;
    }

    private static bool AdverbWithPast(ref TurkishSuffixes s)
    {
        if (s.CAsInA())
        {
            _ = s.SUnUz() || s.LAr() || s.YUm() || s.SUn() || s.YUz();
            if (s.YmUs())
                return true;
        }
        s.Passed = 0;
        return false;
    }

    private static bool PossessiveWithPast(ref TurkishSuffixes s)
    {
        if (s.NUz() && (s.YDU() || s.YsA()))
            return true;
        s.Passed = 0;
        return false;
    }

    private static void Noun(ref TurkishSuffixes s)
    {
        if (s.LAr())
        {
            s.Cut(0);
            TryChain(ref s);
        }
        else if (s.Nca())
        {
            s.Cut(0);
            if (s.LArI())
                s.Cut(0);
            else if (!Owned(ref s))
                Plural(ref s);
        }
        else if (Locative(ref s) || Ablative(ref s))
        {
        }
        else if (s.Dan())
        {
            s.Cut(0);
            if (s.Possessive())
            {
                s.Cut(0);
                Plural(ref s);
            }
            else if (s.LAr())
            {
                s.Cut(0);
                TryChain(ref s);
            }
            else
            {
                TryChain(ref s);
            }
        }
        else if (s.NUn() || s.YlA())
        {
            s.Cut(0);
            if (!Plural(ref s) && !Owned(ref s))
                TryChain(ref s);
        }
        else if (s.LArI())
        {
            s.Cut(0);
        }
        else if (!TryChain(ref s))
        {
            Dative(ref s);
        }
    }

    /// <summary>-ndA or -nA behind another suffix.</summary>
    private static bool Locative(ref TurkishSuffixes s)
    {
        if (!s.Nda() && !s.Na())
            return false;
        int passed = s.Passed;
        if (s.LArI())
        {
            s.Cut(0);
            return true;
        }
        if (s.Su())
        {
            s.Cut(0);
            Plural(ref s);
            return true;
        }
        s.Passed = passed;
        if (TryChain(ref s))
            return true;
        s.Passed = 0;
        return false;
    }

    /// <summary>-ndAn or -nU behind another suffix.</summary>
    private static bool Ablative(ref TurkishSuffixes s)
    {
        if (!s.Ndan() && !s.Nu())
            return false;
        if (s.Su())
        {
            s.Cut(0);
            Plural(ref s);
            return true;
        }
        if (s.LArI())
            return true;
        s.Passed = 0;
        return false;
    }

    private static void Dative(ref TurkishSuffixes s)
    {
        if (s.Da() || s.Yu() || s.Ya())
        {
            s.Cut(0);
            if (s.Possessive())
            {
                s.Cut(0);
                s.LAr();
                s.Cut(0);
                TryChain(ref s);
            }
            else if (s.LAr())
            {
                s.Cut(0);
                TryChain(ref s);
            }
        }
        else
        {
            Owned(ref s);
        }
    }

    /// <summary>A possessive, and a plural before it.</summary>
    private static bool Owned(ref TurkishSuffixes s)
    {
        int from = s.Passed;
        if (!s.Possessive() && !s.Su())
            return false;
        s.Cut(from);
        Plural(ref s);
        return true;
    }

    /// <summary>Cuts a plural and takes off a chain before -ki.</summary>
    /// <returns>True when there was such a chain too.</returns>
    private static bool Plural(ref TurkishSuffixes s)
    {
        int from = s.Passed;
        if (!s.LAr())
            return false;
        s.Cut(from);
        return TryChain(ref s);
    }

    /// <summary>Takes off a chain of noun suffixes that ends with -ki.</summary>
    private static bool TryChain(ref TurkishSuffixes s)
    {
        int from = s.Passed;
        if (!s.Ki())
            return false;
        if (s.Da())
        {
            s.Cut(from);
            if (s.LAr())
            {
                s.Cut(from);
                TryChain(ref s);
            }
            else if (s.Possessive())
            {
                s.Cut(from);
                Plural(ref s);
            }
            return true;
        }
        if (s.NUn())
        {
            s.Cut(from);
            if (s.LArI())
                s.Cut(from);
            else if (!Owned(ref s))
                TryChain(ref s);
            return true;
        }
        if (s.Nda())
        {
            int behindNda = s.Passed;
            if (s.LArI())
            {
                s.Cut(from);
                return true;
            }
            if (s.Su())
            {
                s.Cut(from);
                Plural(ref s);
                return true;
            }
            s.Passed = behindNda;
            if (TryChain(ref s))
                return true;
        }
        s.Passed = from;
        return false;
    }

    private static void Finish(ref StemWord word)
    {
        if (word.Last(1) is 'd' or 'g')
        {
            for (int back = 2; back <= word.Length; back++)
            {
                string? vowel = word.Last(back) switch { 'a' or 'ı' => "ı", 'e' or 'i' => "i", 'o' or 'u' => "u", 'ö' or 'ü' => "ü", _ => null };
                if (vowel is null)
                    continue;
                word.Replace(word.Length, 0, vowel);
                break;
            }
        }
        string? unvoiced = word.Last(1) switch { 'b' => "p", 'c' => "ç", 'd' => "t", 'ğ' => "k", _ => null };
        if (unvoiced is not null)
            word.Replace(1, unvoiced);
    }
}
