using System.Globalization;
using System.Text;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Text.Tests.Morphology;

/// <summary>The tokenizer that cuts by a dictionary of the operator.</summary>
public sealed class LinderaTests : IDisposable
{
    private readonly SmallDictionary _dictionary = new();

    public void Dispose() => _dictionary.Dispose();

    [Theory]
    [InlineData("すもももももももものうち", "すもも も もも も もも の うち")]
    [InlineData("東京湾岸に歩いた。", "東京湾岸 に 歩い た 。")]
    [InlineData("a,b〜", "a,b 〜")]
    [InlineData("", "")]
    [InlineData(" \t\n", "")]
    public void TheCheapestPathIsTaken(string text, string expected) => Assert.Equal(expected, string.Join(' ', _dictionary.Terms(text)));

    [Theory]
    [InlineData("カタカナも", "カタカナ も")] // a group of one category
    [InlineData("abc12", "abc 12")] // groups end where the category does
    [InlineData("東京未知も", "東京 未知 も")] // kanji make words of at most two characters
    [InlineData("未知語も", "未知 語 も")]
    [InlineData("ゑゐ", "ゑゐ")]
    [InlineData("一二", "一二")] // joined by a kind that both have
    [InlineData("𠮷𠮷も", "𠮷𠮷 も")] // beyond the basic plane: the category DEFAULT
    [InlineData("カー", "カー")]
    public void OtherCharactersMakeWordsAsTheirCategorySays(string text, string expected) => Assert.Equal(expected, string.Join(' ', _dictionary.Terms(text)));

    [Fact]
    public void AGroupHasAtMostTwentyFiveCharacters()
    {
        Assert.Equal([new string('x', 25)], _dictionary.Terms(new string('x', 25)));
        Assert.Equal(["x", new string('x', 25)], _dictionary.Terms(new string('x', 26)));
    }

    [Fact]
    public void OffsetsCountBytesAndPositionsCountWords()
    {
        // Blanks are no words; a mark ends a sentence, and the next one begins anew.
        IReadOnlyList<AnalyzerToken> tokens = _dictionary.Analyzer().GetTokens(" 東京 に、\nすももも。x");
        Assert.Equal(["東京", "に", "、", "すもも", "も", "。", "x"], tokens.Select(token => token.Text));
        Assert.Equal([(1, 7), (8, 11), (11, 14), (15, 24), (24, 27), (27, 30), (30, 31)], tokens.Select(token => (token.StartOffset, token.EndOffset)));
        Assert.Equal(Enumerable.Range(0, 7), tokens.Select(token => token.Position));
        Assert.All(tokens, token => Assert.Equal(1, token.PositionLength));
    }

    [Fact]
    public void BytesThatAreNoTextStayInPlace()
    {
        byte[] text = [.. "うち"u8, 0xE3, 0xFF, .. "うち"u8];
        IReadOnlyList<AnalyzerToken> tokens = _dictionary.Analyzer().GetTokens(text);
        Assert.Equal((0, 6), (tokens[0].StartOffset, tokens[0].EndOffset));
        Assert.Equal((8, 14), (tokens[^1].StartOffset, tokens[^1].EndOffset));
    }

    [Fact]
    public void DecomposingTakesLongWordsApart()
    {
        Assert.Equal(["東京湾岸", "に"], _dictionary.Terms("東京湾岸に"));
        Assert.Equal(["東京", "湾岸", "に"], _dictionary.Terms("東京湾岸に", """, "mode": "decompose" """));
    }

    [Theory]
    [InlineData("""{"kind": "japanese_stop_tags", "tags": ["助詞,係助詞", "助詞,連体化", "助動詞"]}""", "すもも もも に 歩い 。")]
    [InlineData("""{"kind": "japanese_stop_tags", "tags": ["助詞"]}""", "すもも も もも に 歩い た 。")] // a tag means all its parts
    [InlineData("""{"kind": "japanese_keep_tags", "tags": ["名詞,一般", "動詞,自立"]}""", "すもも もも 歩い")]
    [InlineData("""{"kind": "japanese_keep_tags", "tags": []}""", "")]
    [InlineData("""{"kind": "korean_stop_tags", "tags": ["助詞", "記号"]}""", "すもも もも 歩い た")]
    [InlineData("""{"kind": "korean_keep_tags", "tags": ["名詞"]}""", "すもも もも")]
    [InlineData("""{"kind": "japanese_base_form"}""", "すもも も もも に 歩く た 。")]
    [InlineData(""" "japanese_reading_form" """, "スモモ モ モモ ニ アルイ タ 。")]
    [InlineData("""{"kind": "japanese_compound_word", "tags": ["動詞,自立", "助動詞"], "new_tag": "動詞"}""", "すもも も もも に 歩いた 。")]
    [InlineData("""{"kind": "japanese_compound_word", "tags": ["動詞,自立", "助動詞"]}, {"kind": "japanese_keep_tags", "tags": ["複合語"]}""", "歩いた")]
    [InlineData("""{"kind": "japanese_base_form"}, {"kind": "japanese_compound_word", "tags": ["動詞,自立", "助動詞"]}""", "すもも も もも に 歩くた 。")]
    public void FiltersOfTheTokenizerSeePartsOfSpeech(string filters, string expected) =>
        Assert.Equal(expected, string.Join(' ', _dictionary.Terms("すももももも に歩い た。", $$""", "filter": [{{filters}}]""")));

    [Fact]
    public void FiltersKeepPlacesOfTheWordsThatStay()
    {
        IReadOnlyList<AnalyzerToken> tokens = _dictionary.Analyzer(
            """, "filter": [{"kind": "japanese_stop_tags", "tags": ["助詞,係助詞"]}, {"kind": "japanese_compound_word", "tags": ["動詞,自立", "助動詞"]}]""").GetTokens("すももも歩いた。");
        Assert.Equal([(0, 1), (2, 2), (4, 1)], tokens.Select(token => (token.Position, token.PositionLength)));
        Assert.Equal((12, 21), (tokens[1].StartOffset, tokens[1].EndOffset));
    }

    [Fact]
    public void WordsOutsideTheLexiconHaveATagOfTheirOwn()
    {
        Assert.Equal(["うち"], _dictionary.Terms("カタカナうち", """, "filter": [{"kind": "japanese_stop_tags", "tags": ["UNK"]}]"""));
        Assert.Equal(["カタカナ"], _dictionary.Terms("カタカナうち", """, "filter": [{"kind": "japanese_keep_tags", "tags": ["UNK"]}]"""));
    }

    [Theory]
    [InlineData("コンピューター", "コンピュータ")]
    [InlineData("カー", "カー")]
    [InlineData("ももー", "もも ー")]
    public void KatakanaWordsLoseTheirLastMark(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', _dictionary.Terms(text, """, "filter": [{"kind": "japanese_katakana_stem", "min": 3}]""")));

    [Fact]
    public void TheAnalyzersFiltersFollow()
    {
        Analyzer analyzer = Analyzer.Parse("""{"tokenizer": {"type": "lindera", "dict_kind": "ipadic"}, "filter": ["removepunct", {"type": "stop", "stop_words": ["に"]}]}""", _dictionary.Sources);
        Assert.Equal(["東京", "歩い", "た"], analyzer.GetTokens("東京に歩いた。").Select(token => token.Text));
        analyzer = Analyzer.Parse(
            """{"tokenizer": {"type": "language_identifier", "analyzers": {"default": {"tokenizer": {"type": "lindera", "dict_kind": "ipadic"}}}}}""", _dictionary.Sources);
        Assert.Equal(["東京", "に"], analyzer.GetTokens("東京に").Select(token => token.Text));
    }

    [Fact]
    public void EucJpIsReadAsItIsMeant()
    {
        Encoding encoding = CodePagesEncodingProvider.Instance.GetEncoding("euc-jp")!;
        // The wave dash is the one character here that Microsoft's table names differently.
        using var japanese = new SmallDictionary(encoding: encoding, lexicon: SmallDictionary.Lexicon.Replace('〜', '～'));
        Assert.Equal(["すもも", "も", "東京", "〜"], japanese.Terms("すももも東京〜"));
    }

    [Fact]
    public void FieldsOfADictionaryHaveTheirKindsMeaning()
    {
        using var korean = new SmallDictionary("ko-dic", lexicon: "서울,1,1,100,NNP,지명,F,서울,*,*,*,*\n에서,2,2,100,JKB,*,F,에서,*,*,*,*\n");
        Assert.Equal(["서울"], korean.Terms("서울에서", """, "filter": [{"kind": "korean_stop_tags", "tags": ["JKB"]}]"""));
        using var chinese = new SmallDictionary("cc-cedict", lexicon: "北京,1,1,100,*,*,*,*,Bei3 jing1,北京,北京,capital\n坏,1,1,99999,*,*,*,*,huai4,壞,坏,bad\n");
        Assert.Equal(["北京", "坏"], chinese.Terms("北京坏"));
    }

    [Theory]
    [InlineData("""{"tokenizer": "lindera"}""", "dict_kind must be set")]
    [InlineData("""{"tokenizer": {"type": "lindera"}}""", "dict_kind must be set")]
    [InlineData("""{"tokenizer": {"type": "lindera", "dict_kind": "juman"}}""", "unsupported lindera dict type: juman")]
    [InlineData("""{"tokenizer": {"type": "lindera", "dict_kind": "unidic"}}""", "dict_kind unidic is not available on this server: the directory does not exist")]
    [InlineData("""{"tokenizer": {"type": "lindera", "dict_kind": "ipadic", "mode": "search"}}""", "lindera mode should be normal or decompose, but got search")]
    [InlineData("""{"tokenizer": {"type": "lindera", "dict_kind": "ipadic", "dict_build_dir": "/"}}""", "unknown tokenizer option key: dict_build_dir")]
    [InlineData("""{"tokenizer": {"type": "lindera", "dict_kind": "ipadic", "filter": "japanese_base_form"}}""", "lindera filters should be array")]
    [InlineData("""{"tokenizer": {"type": "lindera", "dict_kind": "ipadic", "filter": ["japanese_number"]}}""", "unknown lindera filter type: japanese_number")]
    [InlineData("""{"tokenizer": {"type": "lindera", "dict_kind": "ipadic", "filter": ["japanese_stop_tags"]}}""", "lindera filter japanese_stop_tags must use with params")]
    [InlineData("""{"tokenizer": {"type": "lindera", "dict_kind": "ipadic", "filter": [{"kind": "japanese_stop_tags"}]}}""", "tags must be set")]
    [InlineData("""{"tokenizer": {"type": "lindera", "dict_kind": "ipadic", "filter": [{"kind": "japanese_katakana_stem"}]}}""", "min must be a positive integer")]
    [InlineData("""{"tokenizer": {"type": "lindera", "dict_kind": "ko-dic", "filter": ["japanese_base_form"]}}""", "japanese_base_form does not fit dict_kind ko-dic")]
    public void WhatCannotBeHadIsRefusedByName(string analyzerParams, string text)
    {
        var error = Assert.Throws<MilvusException>(() => Analyzer.Parse(analyzerParams, _dictionary.Sources));
        Assert.Equal(ErrorCode.InvalidParameter, error.Code);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AServerWithoutDictionariesSaysSo()
    {
        var error = Assert.Throws<MilvusException>(() => Analyzer.Parse("""{"tokenizer": {"type": "lindera", "dict_kind": "ipadic"}}""", new AnalyzerSources()));
        Assert.Contains("it has no directory of dictionaries", error.Message, StringComparison.Ordinal);
        _dictionary.Delete("matrix.def");
        error = Assert.Throws<MilvusException>(() => _dictionary.Analyzer());
        Assert.Contains("matrix.def not found", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("words.csv", "もも,1,1\n", "words.csv line 1")]
    [InlineData("words.csv", "もも,1,1,1,名詞\nすもも,9,1,1,名詞\n", "words.csv line 2")]
    [InlineData("matrix.def", "4 4\n0 0 0\n0 9 1\n", "matrix.def line 3")]
    [InlineData("matrix.def", "many\n", "matrix.def line 1")]
    [InlineData("matrix.def", "65535 65535\n", "matrix.def line 1")]
    [InlineData("char.def", "DEFAULT 0 1 0\n", "char.def has no category SPACE")]
    [InlineData("char.def", "DEFAULT 0 1 0\nSPACE 0 1 0\n0x20 BLANK\n", "char.def line 3")]
    [InlineData("unk.def", "DEFAULT,1,1,5000,名詞\n", "unk.def has nothing for the category SPACE")]
    [InlineData("unk.def", "NOTHING,1,1,5000,名詞\n", "unk.def line 1")]
    public void ADamagedDictionaryIsNamedAndReadAgainOnceMended(string file, string content, string complaint)
    {
        using var damaged = new SmallDictionary();
        string whole = file switch { "words.csv" => SmallDictionary.Lexicon, "matrix.def" => SmallDictionary.Matrix, "char.def" => SmallDictionary.Characters, _ => SmallDictionary.Unknown };
        damaged.Write(file, content);
        Analyzer analyzer = damaged.Analyzer();
        var error = Assert.Throws<MilvusException>(() => analyzer.GetTokens("もも"));
        Assert.Equal(ErrorCode.Internal, error.Code);
        Assert.Contains(complaint, error.Message, StringComparison.Ordinal);
        damaged.Write(file, whole);
        Assert.Equal(["もも"], analyzer.GetTokens("もも").Select(token => token.Text));
    }

    [Fact]
    public void ManyThreadsShareOneDictionary()
    {
        string[][] found = new string[64][];
        Parallel.For(0, found.Length, i => found[i] = _dictionary.Terms("すもももももももものうち"));
        Assert.All(found, terms => Assert.Equal(7, terms.Length));
    }

    /// <summary>Over random lexicons no way of cutting is cheaper than the one that is found.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void NoOtherPathIsCheaper(int seed)
    {
        var random = new Random(seed);
        const string Letters = "もすうち";
        var words = new Dictionary<string, (int Left, int Right, int Cost)>(StringComparer.Ordinal);
        foreach (char letter in Letters)
            words[letter.ToString()] = (random.Next(4), random.Next(4), random.Next(-500, 3000));
        while (words.Count < 40)
        {
            string word = new([.. Enumerable.Range(0, random.Next(2, 5)).Select(_ => Letters[random.Next(Letters.Length)])]);
            words[word] = (random.Next(4), random.Next(4), random.Next(-500, 3000));
        }
        int[,] costs = new int[4, 4];
        var matrix = new StringBuilder("4 4\n");
        for (int left = 0; left < 4; left++)
        {
            for (int right = 0; right < 4; right++)
                matrix.Append(CultureInfo.InvariantCulture, $"{left} {right} {costs[left, right] = random.Next(-2000, 2000)}\n");
        }
        using var made = new SmallDictionary(
            lexicon: string.Join('\n', words.Select(word => string.Create(CultureInfo.InvariantCulture, $"{word.Key},{word.Value.Left},{word.Value.Right},{word.Value.Cost},名詞"))), matrix: matrix.ToString());
        for (int round = 0; round < 50; round++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => Letters[random.Next(Letters.Length)])]);
            string[] cut = made.Terms(text);
            Assert.Equal(text, string.Concat(cut));
            int sum = 0, before = 0;
            foreach (string word in cut)
            {
                sum += costs[before, words[word].Left] + words[word].Cost;
                before = words[word].Right;
            }
            Assert.Equal(Least(text, 0), sum + costs[before, 0]);
        }

        int Least(string rest, int before)
        {
            if (rest.Length == 0)
                return costs[before, 0];
            return Enumerable.Range(1, Math.Min(4, rest.Length)).Where(length => words.ContainsKey(rest[..length]))
                .Min(length => costs[before, words[rest[..length]].Left] + words[rest[..length]].Cost + Least(rest[length..], words[rest[..length]].Right));
        }
    }
}
