using Milvus.Model;

namespace Milvus.Vectors.Tests.Sparse;

public sealed class SparseIndexFileTests
{
    private static byte[] Save(SparseInvertedIndex index)
    {
        using var stream = new MemoryStream();
        SparseIndexFile.Save(index, stream);
        return stream.ToArray();
    }

    private static SparseInvertedIndex Load(byte[] bytes) => SparseIndexFile.Load(new MemoryStream(bytes), "segment-7/sparse");

    [Theory]
    [InlineData(MetricType.IP, 0)]
    [InlineData(MetricType.IP, 500)]
    [InlineData(MetricType.BM25, 500)]
    [InlineData(MetricType.BM25, 300_000)] // several blocks
    public void LoadedIndexAnswersLikeTheSaved(MetricType metric, int rowCount)
    {
        var random = new Random(7);
        byte[][] rows = SparseData.Rows(random, Math.Min(rowCount, 500), 5, 100, true);
        SparseInvertedIndex index = SparseInvertedIndexBuilder.Build(
            SparseData.Store(Enumerable.Range(0, rowCount).Select(row => rows[row % rows.Length])), metric);
        SparseInvertedIndex loaded = Load(Save(index));
        Assert.Equal((index.Metric, index.RowCount, index.DimensionCount, index.PostingCount, index.MemoryBytes),
            (loaded.Metric, loaded.RowCount, loaded.DimensionCount, loaded.PostingCount, loaded.MemoryBytes));
        var parameters = new SparseSearchParameters(20) { Scoring = rowCount == 0 ? null : SparseData.Scoring(rows) };
        TopK a = new(), b = new();
        for (int i = 0; i < 5; i++)
        {
            byte[] query = SparseData.Row(random, 8, 100, true);
            index.Search(query, parameters, RowFilter.All, a);
            loaded.Search(query, parameters, RowFilter.All, b);
            Assert.Equal(a.Rows.ToArray(), b.Rows.ToArray());
            Assert.Equal(a.Scores.ToArray(), b.Scores.ToArray());
        }
    }

    [Fact]
    public void EveryFlippedBitAndEveryTruncationIsFoundAndNamed()
    {
        SparseInvertedIndex index = SparseInvertedIndexBuilder.Build(SparseData.Store(SparseData.Rows(new Random(8), 20, 5, 10, true)), MetricType.BM25);
        byte[] bytes = Save(index);
        for (int length = 0; length < bytes.Length; length++)
            AssertDamaged(bytes[..length]);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            byte[] damaged = [.. bytes];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertDamaged(damaged);
        }
    }

    [Fact]
    public void FormatIsFrozen()
    {
        // One row {1: 2.0}, metric IP. Written by versions 1, 2 and 3; must stay readable for ever.
        SparseInvertedIndex index = SparseInvertedIndexBuilder.Build(SparseData.Store([SparseRow.Encode(new SparseElement(1, 2f))]), MetricType.IP);
        string current = Convert.ToHexString(Save(index));
        Assert.Equal(Version3, current);
        using var chained = new MemoryStream();
        SparseIndexFile.Save(index, chained, version: 2);
        string second = Convert.ToHexString(chained.ToArray());
        Assert.Equal(
            "4D5053490200020001000000010000000100000042000000000000002DC84E540100000044DD44FB0000000001000000800AE00600000000000000000000000000000040"
            + "FFFF0000FFFF04003C09C9FA00020000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000089AF6210", second);
        foreach (string written in new[] { Version1, second, current })
        {
            SparseInvertedIndex loaded = Load(Convert.FromHexString(written));
            Assert.Equal(current, Convert.ToHexString(Save(loaded)));
        }
    }

    private const string Version3 =
        "4D505349030002000100000001000000010000004200000000000000A30A01EE0201000000000000616F43DF00000000000000000000000000000000EB774B050100"
        + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        + "010000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        + "00000000000000000040FFFF0000FFFF0400000000000000000000000000000000000000000000000000000000000000000000000000000000000002000000000000"
        + "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";

    private const string Version1 =
        "4D5053490100020001000000010000000100000000000000B1669DAD010000008A624FCA0000000001000000F77938260000000092D2F58600000040A0DED5C3";

    private static void AssertDamaged(byte[] bytes)
    {
        var error = Assert.Throws<IntegrityException>(() => Load(bytes));
        Assert.Equal("segment-7/sparse", error.DamagedSource);
    }
}
