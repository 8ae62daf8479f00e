namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Portuguese (snowballstem.org/algorithms/portuguese/stemmer.html). A nasal vowel is two letters, a~ or o~, while rules run.</summary>
internal sealed class PortugueseStemmer : Stemmer
{
    private const string Vowels = "aeiouáéíóúâêô";

    private static readonly SuffixTable s_standard = new(
        "eza ezas ico ica icos icas ismo ismos ável ível ista istas oso osa osos osas amento amentos imento imentos "
        + "adora ador aça~o adoras adores aço~es ante antes ância",
        "logia logias",
        "uça~o uço~es",
        "ência ências",
        "amente",
        "mente",
        "idade idades",
        "iva ivo ivas ivos",
        "ira iras");

    private static readonly SuffixTable s_beforeAmente = new("iv", "os ic ad");
    private static readonly SuffixTable s_beforeMente = new("ante avel ível");
    private static readonly SuffixTable s_beforeIdade = new("abil ic iv");

    private static readonly SuffixTable s_verbs = new(
        "ada ida ia aria eria iria ará ara erá era irá ava asse esse isse aste este iste ei arei erei irei am iam ariam eriam iriam aram eram "
        + "iram avam em arem erem irem assem essem issem ado ido ando endo indo ara~o era~o ira~o ar er ir as adas idas ias arias erias irias "
        + "arás aras erás eras irás avas es ardes erdes irdes ares eres ires asses esses isses astes estes istes is ais eis íeis aríeis eríeis "
        + "iríeis áreis areis éreis ereis íreis ireis ásseis ésseis ísseis áveis ados idos ámos amos íamos aríamos eríamos iríamos áramos éramos "
        + "íramos ávamos emos aremos eremos iremos ássemos êssemos íssemos imos armos ermos irmos eu iu ou ira iras");

    private static readonly SuffixTable s_residues = new("os a i o á í ó");
    private static readonly SuffixTable s_forms = new("e é ê", "ç");

    public override void Stem(ref StemWord word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] is 'ã' or 'õ')
                word.Replace(i, 1, word[i] == 'ã' ? "a~" : "o~");
        }
        word.Rv = word.R1 = word.R2 = word.Length;
        word.MarkRv(Vowels);
        word.MarkR1R2(Vowels);
        if (Standard(ref word) || Verb(ref word))
        {
            if (word.EndsWith("ci") && word.InRv(1))
                word.Cut(1);
        }
        else if (s_residues.Find(in word, out int length) >= 0 && word.InRv(length))
        {
            word.Cut(length);
        }
        Form(ref word);
        for (int i = 0; i + 1 < word.Length; i++)
        {
            if (word[i + 1] == '~' && word[i] is 'a' or 'o')
                word.Replace(i, 2, word[i] == 'a' ? "ã" : "õ");
        }
    }

    private static bool Standard(ref StemWord word)
    {
        int group = s_standard.Find(in word, out int length);
        bool applies = group switch
        {
            < 0 => false,
            4 => word.InR1(length),
            8 => word.InRv(length) && word.Last(length + 1) == 'e',
            _ => word.InR2(length),
        };
        if (!applies)
            return false;
        word.Replace(length, group switch { 1 => "log", 2 => "u", 3 => "ente", 8 => "ir", _ => "" });
        switch (group)
        {
            case 4:
                if (CutInR2(ref word, s_beforeAmente) == 0)
                    word.CutEnd("at", word.R2);
                break;
            case 5:
                CutInR2(ref word, s_beforeMente);
                break;
            case 6:
                CutInR2(ref word, s_beforeIdade);
                break;
            case 7:
                word.CutEnd("at", word.R2);
                break;
        }
        return true;
    }

    private static bool Verb(ref StemWord word)
    {
        if (s_verbs.Find(in word, word.Rv, out int length) < 0)
            return false;
        word.Cut(length);
        return true;
    }

    private static void Form(ref StemWord word)
    {
        int group = s_forms.Find(in word, out int length);
        if (group == 1)
        {
            word.Replace(1, "c");
        }
        else if (group == 0 && word.InRv(length))
        {
            word.Cut(length);
            if ((word.EndsWith("gu") || word.EndsWith("ci")) && word.InRv(1))
                word.Cut(1);
        }
    }
}
