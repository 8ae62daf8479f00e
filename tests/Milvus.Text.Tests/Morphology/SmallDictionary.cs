using System.Text;
using Milvus.Text.Analyzers;
using Milvus.Text.Analyzers.Morphology;

namespace Milvus.Text.Tests.Morphology;

/// <summary>A dictionary of a few words in the form of MeCab's, in a directory that goes with the test.</summary>
internal sealed class SmallDictionary : IDisposable
{
    public const string Characters = """
        DEFAULT 0 1 0  # what nothing else is said of
        SPACE 0 1 0
        KANJI 0 0 2
        HIRAGANA 0 1 2
        KATAKANA 1 1 2
        ALPHA 1 1 0
        NUMERIC 1 1 0
        KANJINUMERIC 1 1 0

        0x0020 SPACE
        0x0009..0x000A SPACE
        0x0030..0x0039 NUMERIC
        0x0061..0x007A ALPHA
        0x3041..0x309F HIRAGANA
        0x30A1..0x30FF KATAKANA
        0x30FC KATAKANA HIRAGANA
        0x4E00..0x9FA5 KANJI
        0x4E00 KANJINUMERIC KANJI
        """;

    public const string Unknown = """
        DEFAULT,1,1,5000,名詞,一般,*,*
        SPACE,1,1,5000,記号,空白,*,*
        KANJI,1,1,6000,名詞,一般,*,*
        HIRAGANA,1,1,9000,名詞,一般,*,*
        KATAKANA,1,1,4000,名詞,固有名詞,*,*
        ALPHA,1,1,4000,名詞,固有名詞,*,*
        NUMERIC,1,1,3000,名詞,数,*,*
        KANJINUMERIC,1,1,3000,名詞,数,*,*
        """;

    /// <summary>Ids: 0 the ends, 1 nouns and the like, 2 particles, 3 verbs. A noun after a noun is dear, a particle after one cheap.</summary>
    public const string Matrix = """
        4 4
        0 0 0
        0 1 -100
        0 2 3000
        0 3 100
        1 0 100
        1 1 2500
        1 2 -500
        1 3 400
        2 0 200
        2 1 -300
        2 2 2000
        2 3 -300
        3 0 -200
        3 1 500
        3 2 300
        3 3 900
        """;

    public const string Lexicon = """
        すもも,1,1,1000,名詞,一般,*,*,*,*,すもも,スモモ,スモモ
        もも,1,1,1200,名詞,一般,*,*,*,*,もも,モモ,モモ
        うち,1,1,1300,名詞,非自立,*,*,*,*,うち,ウチ,ウチ
        も,2,2,300,助詞,係助詞,*,*,*,*,も,モ,モ
        の,2,2,200,助詞,連体化,*,*,*,*,の,ノ,ノ
        に,2,2,300,助詞,格助詞,一般,*,*,*,に,ニ,ニ
        東京,1,1,1500,名詞,固有名詞,地域,一般,*,*,東京,トウキョウ,トーキョー
        東京湾岸,1,1,1600,名詞,固有名詞,地域,一般,*,*,東京湾岸,トウキョウワンガン,トーキョーワンガン
        湾岸,1,1,1800,名詞,一般,*,*,*,*,湾岸,ワンガン,ワンガン
        歩い,3,3,900,動詞,自立,*,*,五段,連用,歩く,アルイ,アルイ
        た,2,2,100,助動詞,*,*,*,*,*,た,タ,タ
        。,0,0,100,記号,句点,*,*,*,*,。,。,。
        、,0,0,100,記号,読点,*,*,*,*,、,、,、
        〜,1,1,500,記号,一般,*,*,*,*,〜,〜,〜
        "a,b",1,1,100,記号,一般,*,*,*,*,*,*,*
        """;

    private readonly string _root = Path.Combine(Path.GetTempPath(), $"milvus-dictionaries-{Guid.NewGuid():N}");

    public SmallDictionary(string kind = "ipadic", Encoding? encoding = null, string lexicon = Lexicon, string matrix = Matrix)
    {
        Kind = kind;
        Directory.CreateDirectory(Path.Combine(_root, kind));
        encoding ??= new UTF8Encoding(false);
        Write("char.def", Characters, encoding);
        Write("unk.def", Unknown, encoding);
        Write("matrix.def", matrix, encoding);
        Write("words.csv", lexicon, encoding);
        Sources = new AnalyzerSources { Dictionaries = new DictionaryDirectory(_root) };
    }

    public string Kind { get; }

    public AnalyzerSources Sources { get; }

    public void Write(string name, string text, Encoding? encoding = null) =>
        File.WriteAllText(Path.Combine(_root, Kind, name), text, encoding ?? new UTF8Encoding(false));

    public void Delete(string name) => File.Delete(Path.Combine(_root, Kind, name));

    /// <param name="more">Further members of the tokenizer's object, such as <c>, "mode": "decompose"</c>.</param>
    public Analyzer Analyzer(string more = "") =>
        Milvus.Text.Analyzers.Analyzer.Parse($$"""{"tokenizer": {"type": "lindera", "dict_kind": "{{Kind}}"{{more}} } }""", Sources);

    public string[] Terms(string text, string more = "") => [.. Analyzer(more).GetTokens(text).Select(token => token.Text)];

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
