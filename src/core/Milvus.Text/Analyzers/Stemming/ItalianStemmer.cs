namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Italian (snowballstem.org/algorithms/italian/stemmer.html).</summary>
internal sealed class ItalianStemmer : Stemmer
{
    private const string Vowels = "aeiouàèìòù";

    private static readonly SuffixTable s_pronouns = new(
        "ci gli la le li lo mi ne si ti vi sene gliela gliele glieli glielo gliene mela mele meli melo mene tela tele teli telo tene "
        + "cela cele celi celo cene vela vele veli velo vene");

    private static readonly SuffixTable s_beforePronouns = new("ando endo", "ar er ir");

    private static readonly SuffixTable s_standard = new(
        "anza anze ico ici ica ice iche ichi ismo ismi abile abili ibile ibili ista iste isti istà istè istì oso osi osa ose mente atrice atrici "
        + "ante anti",
        "azione azioni atore atori",
        "logia logie",
        "uzione uzioni usione usioni",
        "enza enze",
        "amento amenti imento imenti",
        "amente",
        "ità",
        "ivo ivi iva ive");

    private static readonly SuffixTable s_beforeAmente = new("iv", "os ic abil");
    private static readonly SuffixTable s_beforeIta = new("abil ic iv");

    private static readonly SuffixTable s_verbs = new(
        "ammo ando ano are arono asse assero assi assimo ata ate ati ato ava avamo avano avate avi avo emmo enda ende endi endo erà erai eranno "
        + "ere erebbe erebbero erei eremmo eremo ereste eresti erete erò erono essero ete eva evamo evano evate evi evo Yamo iamo immo irà irai "
        + "iranno ire irebbe irebbero irei iremmo iremo ireste iresti irete irò irono isca iscano isce isci isco iscono issero ita ite iti ito iva "
        + "ivamo ivano ivate ivi ivo ono uta ute uti uto ar ir");

    public override void Stem(ref StemWord word)
    {
        word.Exchange("áéíóú", "àèìòù");
        for (int i = 1; i < word.Length; i++)
        {
            if (word[i] == 'u' && word[i - 1] == 'q')
                word[i] = 'U';
        }
        // One pass: which letter is marked can decide whether the next one stands between vowels.
        for (int i = 1; i + 1 < word.Length; i++)
        {
            if (word[i] is 'u' or 'i' && IsVowel(word[i - 1]) && IsVowel(word[i + 1]))
                word[i] = char.ToUpperInvariant(word[i]);
        }
        word.MarkRv(Vowels);
        word.MarkR1R2(Vowels);
        AttachedPronoun(ref word);
        if (!Standard(ref word) && s_verbs.Find(in word, word.Rv, out int length) >= 0)
            word.Cut(length);
        FinalVowels(ref word);
        word.Exchange("IU", "iu");
    }

    private static void AttachedPronoun(ref StemWord word)
    {
        if (s_pronouns.Find(in word, out int pronoun) < 0)
            return;
        StemWord verb = word;
        verb.Cut(pronoun);
        int group = s_beforePronouns.Find(in verb, out int length);
        if (group >= 0 && verb.InRv(length))
            word.Replace(pronoun, group == 0 ? "" : "e");
    }

    private static bool Standard(ref StemWord word)
    {
        int group = s_standard.Find(in word, out int length);
        bool applies = group switch
        {
            < 0 => false,
            5 => word.InRv(length),
            6 => word.InR1(length),
            _ => word.InR2(length),
        };
        if (!applies)
            return false;
        word.Replace(length, group switch { 2 => "log", 3 => "u", 4 => "ente", _ => "" });
        switch (group)
        {
            case 1:
                word.CutEnd("ic", word.R2);
                break;
            case 6:
                if (CutInR2(ref word, s_beforeAmente) == 0)
                    word.CutEnd("at", word.R2);
                break;
            case 7:
                CutInR2(ref word, s_beforeIta);
                break;
            case 8:
                if (word.CutEnd("at", word.R2))
                    word.CutEnd("ic", word.R2);
                break;
        }
        return true;
    }

    private static void FinalVowels(ref StemWord word)
    {
        if (word.Length > 0 && "aeioàèìò".Contains(word.Last(1)) && word.InRv(1))
        {
            word.Cut(1);
            word.CutEnd("i", word.Rv);
        }
        if (word.EndsWith("h") && word.Last(2) is 'c' or 'g' && word.InRv(2))
            word.Cut(1);
    }

    private static bool IsVowel(char letter) => Vowels.Contains(letter);
}
