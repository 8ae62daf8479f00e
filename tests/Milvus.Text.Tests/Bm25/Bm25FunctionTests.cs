using System.Buffers.Binary;
using System.Text;
using Milvus.Model;
using Milvus.Text.Analyzers;
using Milvus.Text.Bm25;

namespace Milvus.Text.Tests.Bm25;

public sealed class Bm25FunctionTests
{
    internal static Dictionary<uint, float> Decode(ReadOnlySpan<byte> row)
    {
        var pairs = new Dictionary<uint, float>();
        long previous = -1;
        Assert.Equal(0, row.Length % 8);
        for (int at = 0; at < row.Length; at += 8)
        {
            uint index = BinaryPrimitives.ReadUInt32LittleEndian(row[at..]);
            Assert.True(index > previous && index < uint.MaxValue);
            pairs.Add(index, BinaryPrimitives.ReadSingleLittleEndian(row[(at + 4)..]));
            previous = index;
        }
        return pairs;
    }

    [Fact]
    public void ARowCountsEachTerm()
    {
        var function = new Bm25Function(Analyzer.Standard);
        Dictionary<uint, float> row = Decode(function.Embed("Vector search over a VECTOR space, vector"));
        Assert.Equal(5, row.Count);
        Assert.Equal(3, row[TermHash.Of("vector"u8)]);
        Assert.Equal(1, row[TermHash.Of("space"u8)]);
        Assert.Empty(function.Embed("!?"));
        Assert.Empty(function.Embed(""));
    }

    [Fact]
    public void RowsOfLongTextsAreWhole()
    {
        var random = new Random(13);
        string[] words = Matching.TextMatcherTests.Words(random, 20_000, 3000);
        Dictionary<uint, float> row = Decode(new Bm25Function(Analyzer.Standard).Embed(string.Join(' ', words)));
        foreach (IGrouping<string, string> word in words.GroupBy(word => word))
            Assert.Equal(word.Count(), row[TermHash.Of(Encoding.UTF8.GetBytes(word.Key))]);
        Assert.Equal(20_000, row.Values.Sum());
    }

    [Fact]
    public void AColumnBecomesAColumn()
    {
        BinaryColumn texts = BinaryColumn.FromStrings(DataType.VarChar, ["a b a", null, "", "b"]);
        BinaryColumn rows = new Bm25Function(Analyzer.Standard).Embed(texts);
        Assert.Equal((DataType.SparseFloatVector, 4), (rows.Type, rows.Count));
        Assert.Equal(new Dictionary<uint, float> { [TermHash.Of("a"u8)] = 2, [TermHash.Of("b"u8)] = 1 }, Decode(rows[0]));
        Assert.True(rows[1].IsEmpty && rows[2].IsEmpty && !rows.IsNull(1));
        Assert.Single(Decode(rows[3]));
    }

    [Fact]
    public void SeveralAnalyzersAreChosenPerRow()
    {
        var function = new Bm25Function(MultiAnalyzer.Parse(
            """{"analyzers": {"default": {"tokenizer": "whitespace"}, "english": {"type": "english"}}, "by_field": "lang"}"""));
        BinaryColumn rows = function.Embed(
            BinaryColumn.FromStrings(DataType.VarChar, ["Cats", "Cats", "Cats"]), BinaryColumn.FromStrings(DataType.VarChar, ["english", "klingon", null]));
        Assert.Equal(TermHash.Of("cat"u8), Decode(rows[0]).Keys.Single());
        Assert.Equal(TermHash.Of("Cats"u8), Decode(rows[1]).Keys.Single());
        Assert.Equal(TermHash.Of("Cats"u8), Decode(rows[2]).Keys.Single());
        Assert.Equal(TermHash.Of("cat"u8), Decode(function.Embed("Cats", "english")).Keys.Single());
    }
}
