namespace Milvus.Vectors.Tests.Search;

public sealed class RowFilterTests
{
    [Fact]
    public void Counts_and_tests_like_its_bits()
    {
        var random = new Random(1);
        for (int round = 0; round < 100; round++)
        {
            int rows = random.Next(0, 300), covered = random.Next(0, 300);
            bool[] bits = [.. Enumerable.Range(0, covered).Select(_ => random.Next(2) == 0)];
            var filter = new RowFilter(TestVectors.Bits(covered, row => bits[row]));
            bool Expected(int row) => row < covered && bits[row];
            Assert.Equal(Enumerable.Range(0, rows).Count(Expected), filter.CountPassing(rows));
            for (int row = 0; row < rows; row++)
                Assert.Equal(Expected(row), filter.Passes(row));
        }
    }

    [Fact]
    public void The_default_passes_every_row_and_no_words_pass_none()
    {
        Assert.Equal(7, RowFilter.All.CountPassing(7));
        Assert.True(RowFilter.All.Passes(int.MaxValue));
        Assert.Equal(0, new RowFilter([]).CountPassing(7));
        Assert.False(new RowFilter([]).Passes(0));
    }
}
