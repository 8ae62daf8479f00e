namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Spanish (snowballstem.org/algorithms/spanish/stemmer.html).</summary>
internal sealed class SpanishStemmer : Stemmer
{
    private const string Vowels = "aeiouáéíóúü";
    private static readonly SuffixTable s_pronouns = new("me se sela selo selas selos la le lo las les los nos");
    private static readonly SuffixTable s_beforePronouns = new("iéndo", "ándo", "ár", "ér", "ír", "ando iendo ar er ir", "yendo");
    private static readonly string[] s_unaccented = ["iendo", "ando", "ar", "er", "ir"];

    private static readonly SuffixTable s_standard = new(
        "anza anzas ico ica icos icas ismo ismos able ables ible ibles ista istas oso osa osos osas amiento amientos imiento imientos",
        "adora ador ación adoras adores aciones ante antes ancia ancias",
        "logía logías",
        "ución uciones",
        "encia encias",
        "amente",
        "mente",
        "idad idades",
        "iva ivo ivas ivos");

    private static readonly SuffixTable s_beforeAmente = new("iv", "os ic ad");
    private static readonly SuffixTable s_beforeMente = new("ante able ible");
    private static readonly SuffixTable s_beforeIdad = new("abil ic iv");
    private static readonly SuffixTable s_verbsInY = new("ya ye yan yen yeron yendo yo yó yas yes yais yamos");

    private static readonly SuffixTable s_verbs = new(
        "en es éis emos",
        "arían arías arán arás aríais aría aréis aríamos aremos ará aré erían erías erán erás eríais ería eréis eríamos eremos erá eré "
        + "irían irías irán irás iríais iría iréis iríamos iremos irá iré "
        + "aba ada ida ía ara iera ad ed id ase iese aste iste an aban ían aran ieran asen iesen aron ieron ado ido ando iendo ió ar er ir as "
        + "abas adas idas ías aras ieras ases ieses ís áis abais íais arais ierais aseis ieseis asteis isteis ados idos amos ábamos íamos imos "
        + "áramos iéramos iésemos ásemos");

    private static readonly SuffixTable s_residues = new("os a o á í ó", "e é");

    public override void Stem(ref StemWord word)
    {
        word.MarkRv(Vowels);
        word.MarkR1R2(Vowels);
        AttachedPronoun(ref word);
        if (!Standard(ref word) && !VerbInY(ref word))
            Verb(ref word);
        Residue(ref word);
        word.Exchange("áéíóú", "aeiou");
    }

    private static void AttachedPronoun(ref StemWord word)
    {
        if (s_pronouns.Find(in word, out int pronoun) < 0)
            return;
        StemWord verb = word;
        verb.Cut(pronoun);
        int group = s_beforePronouns.Find(in verb, out int length);
        if (group < 0 || !verb.InRv(length) || group == 6 && verb.Last(length + 1) != 'u')
            return;
        if (group < s_unaccented.Length)
            word.Replace(pronoun + length, s_unaccented[group]);
        else
            word.Cut(pronoun);
    }

    private static bool Standard(ref StemWord word)
    {
        int group = s_standard.Find(in word, out int length);
        if (group < 0 || !(group == 5 ? word.InR1(length) : word.InR2(length)))
            return false;
        string replacement = group switch { 2 => "log", 3 => "u", 4 => "ente", _ => "" };
        word.Replace(length, replacement);
        switch (group)
        {
            case 1:
                word.CutEnd("ic", word.R2);
                break;
            case 5:
                if (CutInR2(ref word, s_beforeAmente) == 0)
                    word.CutEnd("at", word.R2);
                break;
            case 6:
                CutInR2(ref word, s_beforeMente);
                break;
            case 7:
                CutInR2(ref word, s_beforeIdad);
                break;
            case 8:
                word.CutEnd("at", word.R2);
                break;
        }
        return true;
    }

    private static bool VerbInY(ref StemWord word)
    {
        if (s_verbsInY.Find(in word, word.Rv, out int length) < 0 || word.Last(length + 1) != 'u')
            return false;
        word.Cut(length);
        return true;
    }

    private static void Verb(ref StemWord word)
    {
        int group = s_verbs.Find(in word, word.Rv, out int length);
        if (group < 0)
            return;
        word.Cut(length);
        if (group == 0 && word.EndsWith("gu"))
            word.Cut(1);
    }

    private static void Residue(ref StemWord word)
    {
        int group = s_residues.Find(in word, out int length);
        if (group < 0 || !word.InRv(length))
            return;
        word.Cut(length);
        if (group == 1 && word.EndsWith("gu") && word.InRv(1))
            word.Cut(1);
    }
}
