namespace Milvus.Vectors.Tests.Sparse;

public sealed class SparseRowStoreTests
{
    [Fact]
    public void RowsComeBackAsAppended()
    {
        var random = new Random(2);
        byte[][] rows = SparseData.Rows(random, 3000, 60, 500, false);
        // Larger than any chunk.
        rows[1500] = SparseRow.Encode([.. Enumerable.Range(0, 200_000).Select(i => new SparseElement((uint)i, 1f))]);
        SparseRowStore store = SparseData.Store(rows);
        Assert.Equal(rows.Length, store.Count);
        Assert.Equal(rows.Sum(row => (long)row.Length) / SparseRow.ElementBytes, store.ElementCount);
        for (int row = 0; row < rows.Length; row++)
            Assert.True(store.Row(row).SequenceEqual(rows[row]), $"row {row}");
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Row(rows.Length).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Row(-1).Length);
    }

    [Fact]
    public void AnEmptyStoreCostsNothingAndASmallOneLittle()
    {
        var store = new SparseRowStore();
        Assert.Equal(0, store.MemoryBytes);
        store.Append(SparseRow.Encode(new SparseElement(1, 1f)));
        Assert.InRange(store.MemoryBytes, 1, 8192);
    }

    [Fact]
    public async Task ReadersSeeWholeRowsWhileTheWriterAppends()
    {
        const int Rows = 20_000;
        var store = new SparseRowStore();
        Task[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            for (int seen = 0; seen < Rows; seen = store.Count)
            {
                int count = store.Count;
                for (int row = Math.Max(0, count - 50); row < count; row++)
                {
                    ReadOnlySpan<SparseElement> elements = store.Elements(row);
                    Assert.Equal(row % 9, elements.Length);
                    for (int i = 0; i < elements.Length; i++)
                        Assert.Equal(new SparseElement((uint)i, row), elements[i]);
                }
            }
        }))];
        var buffer = new SparseElement[9];
        for (int row = 0; row < Rows; row++)
        {
            for (int i = 0; i < row % 9; i++)
                buffer[i] = new SparseElement((uint)i, row);
            store.Append(SparseRow.Encode(buffer.AsSpan(0, row % 9)));
        }
        await Task.WhenAll(readers);
    }
}
