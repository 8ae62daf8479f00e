using Milvus.Model;

namespace Milvus.Vectors.Tests.Disk;

public sealed class DiskGraphFileTests : IDisposable
{
    private static readonly VectorStore Store = DiskFixture.Rows(DataType.FloatVector, 24, 700);

    private readonly DiskFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_changed_byte_in_any_part_is_noticed_and_named_and_never_served(bool allOnDisk)
    {
        DiskGraphParameters parameters = (allOnDisk ? DiskGraphParameters.AllOnDisk : new DiskGraphParameters()) with { MaxDegree = 12, CacheRatio = 0 };
        byte[] bytes = DiskFixture.Save(DiskGraphBuilder.Build(Store, MetricType.L2, parameters));
        int noticed = 0;
        int[] positions = [.. Enumerable.Range(0, 60).Select(i => i * 2), .. Enumerable.Range(0, 120).Select(i => (int)((long)i * bytes.Length / 120)), bytes.Length - 1];
        foreach (int position in positions)
        {
            byte[] damaged = [.. bytes];
            damaged[position] ^= 0x10;
            try
            {
                DiskGraphIndex index = _fixture.Open(damaged, Store, "segments/7/disk.idx").Traversing();
                var results = new TopK();
                index.Search(Store.Row(3), DataType.FloatVector, new VectorSearchParameters(700), default, results);
                // Nothing is kept in what fills up the sectors.
                Assert.Equal(0, bytes[position]);
                Assert.Equal(Enumerable.Range(0, 700), results.Rows.ToArray().Order());
            }
            catch (IntegrityException problem)
            {
                noticed++;
                Assert.Equal("segments/7/disk.idx", problem.DamagedSource);
            }
        }

        Assert.InRange(noticed, positions.Length / 2, positions.Length);
    }

    [Fact]
    public void Exchanged_blocks_and_cut_files_are_noticed()
    {
        byte[] bytes = DiskFixture.Save(DiskGraphBuilder.Build(Store, MetricType.L2, new DiskGraphParameters { MaxDegree = 12, CacheRatio = 0 }));
        byte[] exchanged = [.. bytes];
        bytes.AsSpan(bytes.Length - 4096).CopyTo(exchanged.AsSpan(bytes.Length - 8192));
        bytes.AsSpan(bytes.Length - 8192, 4096).CopyTo(exchanged.AsSpan(bytes.Length - 4096));
        DiskGraphIndex index = _fixture.Open(exchanged, Store).Traversing();
        Assert.Throws<IntegrityException>(() => index.Search(Store.Row(3), DataType.FloatVector, new VectorSearchParameters(700), default, new TopK()));
        Assert.Throws<IntegrityException>(() => _fixture.Open(exchanged, Store, isChecked: true));
        Assert.Equal(700, _fixture.Open(bytes, Store, isChecked: true).Count);
        foreach (int length in (int[])[0, 50, 4000, 4096, 10_000, bytes.Length - 4096, bytes.Length - 1])
            Assert.Throws<IntegrityException>(() => _fixture.Open(bytes[..length], Store));
        Assert.Throws<IntegrityException>(() => _fixture.Open([.. bytes, 0], Store));
    }

    [Fact]
    public void Other_data_and_other_indexes_are_refused()
    {
        byte[] bytes = DiskFixture.Save(DiskGraphBuilder.Build(Store, MetricType.L2, new DiskGraphParameters { MaxDegree = 12 }));
        Assert.Throws<IntegrityException>(() => _fixture.Open(bytes, DiskFixture.Rows(DataType.FloatVector, 24, 701)));
        Assert.Throws<IntegrityException>(() => _fixture.Open(bytes, DiskFixture.Rows(DataType.FloatVector, 25, 700)));
        Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(bytes), Store, "index"));
        using var flat = new MemoryStream();
        VectorIndexFile.Save(new FlatIndex(Store, MetricType.L2), flat);
        Assert.Throws<IntegrityException>(() => _fixture.Open(flat.ToArray(), Store));
    }

    [Fact]
    public void A_cold_file_is_read_by_the_threads_that_wait_for_the_device()
    {
        DiskGraphIndex index = _fixture.Build(Store, MetricType.L2, new DiskGraphParameters { CacheRatio = 0 }).Traversing();
        var warm = new TopK();
        var cold = new TopK();
        index.Search(Store.Row(9), DataType.FloatVector, new VectorSearchParameters(50), default, warm);
        for (int i = 0; i < 5; i++)
        {
            FileReads.Forget(index.File.Handle);
            index.Search(Store.Row(9), DataType.FloatVector, new VectorSearchParameters(50) { BeamWidth = 32 }, default, cold);
            Assert.Equal(warm.Rows.ToArray()[..5], cold.Rows.ToArray()[..5]);
        }
    }
}
