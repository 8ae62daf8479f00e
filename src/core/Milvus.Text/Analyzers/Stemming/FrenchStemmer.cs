namespace Milvus.Text.Analyzers.Stemming;

/// <summary>French (snowballstem.org/algorithms/french/stemmer.html).</summary>
internal sealed class FrenchStemmer : Stemmer
{
    private const string Vowels = "aeiouyâàëéêèïîôûù";

    private static readonly SuffixTable s_standard = new(
        "ance iqUe isme able iste eux ances iqUes ismes ables istes",
        "atrice ateur ation atrices ateurs ations",
        "logie logies",
        "usion ution usions utions",
        "ence ences",
        "ement ements",
        "ité ités",
        "if ive ifs ives",
        "eaux",
        "aux",
        "euse euses",
        "issement issements",
        "amment",
        "emment",
        "ment ments");

    private static readonly SuffixTable s_beforeEment = new("iv", "eus", "abl iqU", "ièr Ièr");
    private static readonly SuffixTable s_beforeIte = new("abil", "ic", "iv");

    private static readonly SuffixTable s_verbsInI = new(
        "îmes ît îtes i ie ies ir ira irai iraIent irais irait iras irent irez iriez irions irons iront is issaIent issais issait issant "
        + "issante issantes issants isse issent isses issez issiez issions issons it");

    private static readonly SuffixTable s_verbs = new(
        "ions",
        "é ée ées és èrent er era erai eraIent erais erait eras erez eriez erions erons eront ez iez",
        "âmes ât âtes a ai aIent ais ait ant ante antes ants as asse assent asses assiez assions");

    private static readonly SuffixTable s_residues = new("ion", "ier ière Ier Ière", "e");

    public override void Stem(ref StemWord word)
    {
        MarkConsonants(ref word);
        word.Rv = word.R1 = word.R2 = word.Length;
        MarkRegions(ref word);
        if (Standard(ref word) || VerbInI(ref word) || Verb(ref word))
        {
            if (word.EndsWith("Y"))
                word.Replace(1, "i");
            else if (word.EndsWith("ç"))
                word.Replace(1, "c");
        }
        else
        {
            Residue(ref word);
        }
        if (word.EndsWith("enn") || word.EndsWith("onn") || word.EndsWith("ett") || word.EndsWith("ell") || word.EndsWith("eill"))
            word.Cut(1);
        RemoveAccent(ref word);
        Restore(ref word);
    }

    private static void MarkConsonants(ref StemWord word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            if (IsVowel(word[i]))
                MarkAfterVowel(ref word, i);
            if (word[i] == 'ë')
                word.Replace(i, 1, "He");
            else if (word[i] == 'ï')
                word.Replace(i, 1, "Hi");
            else if (word[i] == 'y' && i + 1 < word.Length && IsVowel(word[i + 1]))
                word[i] = 'Y';
            else if (word[i] == 'q' && i + 1 < word.Length && word[i + 1] == 'u')
                word[i + 1] = 'U';
        }
    }

    private static void MarkAfterVowel(ref StemWord word, int at)
    {
        if (at + 1 >= word.Length)
            return;
        bool beforeVowel = at + 2 < word.Length && IsVowel(word[at + 2]);
        if (word[at + 1] == 'u' && beforeVowel)
            word[at + 1] = 'U';
        else if (word[at + 1] == 'i' && beforeVowel)
            word[at + 1] = 'I';
        else if (word[at + 1] == 'y')
            word[at + 1] = 'Y';
    }

    private static void MarkRegions(ref StemWord word)
    {
        word.MarkR1R2(Vowels);
        ReadOnlySpan<char> letters = word.Letters;
        bool twoVowels = letters.Length > 2 && IsVowel(letters[0]) && IsVowel(letters[1]);
        if (twoVowels || letters.StartsWith("par") || letters.StartsWith("col") || letters.StartsWith("tap"))
            word.Rv = 3;
        else if (word.BehindVowel(1, Vowels) is >= 0 and int behind)
            word.Rv = behind;
    }

    private static bool Standard(ref StemWord word)
    {
        int group = s_standard.Find(in word, out int length);
        switch (group)
        {
            case 0 when word.InR2(length):
                word.Cut(length);
                return true;
            case 1 when word.InR2(length):
                word.Cut(length);
                CutOrReplace(ref word, "ic", "iqU");
                return true;
            case 2 when word.InR2(length):
                word.Replace(length, "log");
                return true;
            case 3 when word.InR2(length):
                word.Replace(length, "u");
                return true;
            case 4 when word.InR2(length):
                word.Replace(length, "ent");
                return true;
            case 5 when word.InRv(length):
                word.Cut(length);
                BeforeEment(ref word);
                return true;
            case 6 when word.InR2(length):
                word.Cut(length);
                BeforeIte(ref word);
                return true;
            case 7 when word.InR2(length):
                word.Cut(length);
                if (word.CutEnd("at", word.R2))
                    CutOrReplace(ref word, "ic", "iqU");
                return true;
            case 8:
                word.Replace(length, "eau");
                return true;
            case 9 when word.InR1(length):
                word.Replace(length, "al");
                return true;
            case 10 when word.InR2(length):
                word.Cut(length);
                return true;
            case 10 when word.InR1(length):
                word.Replace(length, "eux");
                return true;
            case 11 when word.InR1(length) && word.Length > length && !IsVowel(word.Last(length + 1)):
                word.Cut(length);
                return true;
            // Words in -ment go on to the verb endings.
            case 12 when word.InRv(length):
                word.Replace(length, "ant");
                return false;
            case 13 when word.InRv(length):
                word.Replace(length, "ent");
                return false;
            case 14 when word.Length > length && IsVowel(word.Last(length + 1)) && word.InRv(length + 1):
                word.Cut(length);
                return false;
            default:
                return false;
        }
    }

    private static void BeforeEment(ref StemWord word)
    {
        switch (s_beforeEment.Find(in word, out int length))
        {
            case 0 when word.InR2(length):
                word.Cut(length);
                word.CutEnd("at", word.R2);
                break;
            case 1 when word.InR2(length):
            case 2 when word.InR2(length):
                word.Cut(length);
                break;
            case 1 when word.InR1(length):
                word.Replace(length, "eux");
                break;
            case 3 when word.InRv(length):
                word.Replace(length, "i");
                break;
        }
    }

    private static void BeforeIte(ref StemWord word)
    {
        switch (s_beforeIte.Find(in word, out int length))
        {
            case 0:
                CutOrReplace(ref word, "abil", "abl");
                break;
            case 1:
                CutOrReplace(ref word, "ic", "iqU");
                break;
            case 2 when word.InR2(length):
                word.Cut(length);
                break;
        }
    }

    private static void CutOrReplace(ref StemWord word, string suffix, string replacement)
    {
        if (!word.CutEnd(suffix, word.R2) && word.EndsWith(suffix))
            word.Replace(suffix.Length, replacement);
    }

    private static bool VerbInI(ref StemWord word)
    {
        if (s_verbsInI.Find(in word, word.Rv, out int length) < 0 || !word.InRv(length + 1))
            return false;
        char before = word.Last(length + 1);
        if (before == 'H' || IsVowel(before))
            return false;
        word.Cut(length);
        return true;
    }

    private static bool Verb(ref StemWord word)
    {
        int group = s_verbs.Find(in word, word.Rv, out int length);
        if (group < 0 || group == 0 && !word.InR2(length))
            return false;
        word.Cut(length);
        if (group == 2)
            word.CutEnd("e", word.Rv);
        return true;
    }

    private static void Residue(ref StemWord word)
    {
        if (word.EndsWith("s") && word.Length > 1 && (word.EndsWith("Hi", 1) || !"aiouès".Contains(word.Last(2))))
            word.Cut(1);
        switch (s_residues.Find(in word, word.Rv, out int length))
        {
            case 0 when word.InR2(length) && word.InRv(length + 1) && word.Last(length + 1) is 's' or 't':
            case 2:
                word.Cut(length);
                break;
            case 1:
                word.Replace(length, "i");
                break;
        }
    }

    private static void RemoveAccent(ref StemWord word)
    {
        int at = word.Length - 1;
        while (at >= 0 && !IsVowel(word[at]))
            at--;
        if (at >= 0 && at < word.Length - 1 && word[at] is 'é' or 'è')
            word[at] = 'e';
    }

    private static void Restore(ref StemWord word)
    {
        word.Exchange("IUY", "iuy");
        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] != 'H')
                continue;
            char next = i + 1 < word.Length ? word[i + 1] : '\0';
            if (next == 'e')
                word.Replace(i, 2, "ë");
            else if (next == 'i')
                word.Replace(i, 2, "ï");
            else
                word.Replace(i--, 1, "");
        }
    }

    private static bool IsVowel(char letter) => Vowels.Contains(letter);
}
