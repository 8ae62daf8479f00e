using Milvus.Model;

namespace Milvus.Vectors.Tests.Storage;

public sealed unsafe class VectorStoreTests
{
    [Theory]
    [InlineData(DataType.FloatVector, 3, 12)]
    [InlineData(DataType.Float16Vector, 3, 6)]
    [InlineData(DataType.BFloat16Vector, 3, 6)]
    [InlineData(DataType.Int8Vector, 3, 3)]
    [InlineData(DataType.BinaryVector, 24, 3)]
    public void Rows_lie_without_padding_from_a_cache_line_on(DataType type, int dimension, int rowBytes)
    {
        var random = new Random(1);
        byte[] rows = TestVectors.Random(random, type, dimension, 9);
        VectorStore store = TestVectors.Store(type, dimension, rows);
        Assert.Equal(rowBytes, store.RowBytes);
        Assert.Equal(9, store.Count);
        Assert.Equal(0, (nint)store.RowPointer(0) % 64);
        for (int row = 0; row < 9; row++)
        {
            Assert.Equal(rows.AsSpan(row * rowBytes, rowBytes), store.Row(row));
            Assert.Equal((nint)store.RowPointer(0) + (row * rowBytes), (nint)store.RowPointer(row));
        }

        Assert.InRange(store.MemoryBytes, rows.Length, rows.Length + 128);
    }

    [Fact]
    public void Growing_adds_slabs_and_never_moves_rows()
    {
        var random = new Random(2);
        VectorStore store = VectorStore.CreateGrowing(DataType.FloatVector, 5, 50);
        var model = new List<byte>();
        var addresses = new List<nint>();
        while (store.Count < 1000)
        {
            byte[] rows = TestVectors.Random(random, DataType.FloatVector, 5, random.Next(1, 90));
            store.Append(rows);
            model.AddRange(rows);
            while (addresses.Count < store.Count)
                addresses.Add((nint)store.RowPointer(addresses.Count));
        }

        Assert.Equal(0, store.Capacity % 64);
        byte[] all = [.. model];
        for (int row = 0; row < store.Count; row++)
        {
            Assert.Equal(all.AsSpan(row * 20, 20), store.Row(row));
            Assert.Equal(addresses[row], (nint)store.RowPointer(row));
        }

        Assert.InRange(store.MemoryBytes, all.Length, all.Length + (64 * 20) + (16 * 64));
    }

    [Fact]
    public void A_growing_store_that_holds_much_takes_chunks_and_never_moves_rows()
    {
        const int Dimension = 1021, Slab = 1024;
        VectorStore store = VectorStore.CreateGrowing(DataType.FloatVector, Dimension, Slab);
        var random = new Random(4);
        byte[] rows = TestVectors.Random(random, DataType.FloatVector, Dimension, 700);
        int rowBytes = Dimension * sizeof(float);
        var addresses = new List<nint>();
        while ((long)store.Count * rowBytes < 48 << 20)
        {
            int first = store.Count;
            store.Append(rows);
            addresses.Add((nint)store.RowPointer(first));
            Assert.InRange(store.MemoryBytes, (long)store.Count * rowBytes, ((long)store.Count * rowBytes) + (20 << 20));
        }

        for (int i = 0; i < addresses.Count; i++)
        {
            Assert.Equal(addresses[i], (nint)store.RowPointer(i * 700));
            for (int row = 0; row < 700; row += 33)
                Assert.Equal(rows.AsSpan(row * rowBytes, rowBytes), store.Row((i * 700) + row));
        }

        for (int row = 0; row < store.Count; row += Slab)
            Assert.Equal(0, (nint)store.RowPointer(row) % 64);
    }

    [Fact]
    public void A_large_store_is_cut_into_slabs_of_its_exact_capacity()
    {
        var random = new Random(3);
        byte[] rows = TestVectors.Random(random, DataType.Int8Vector, 10, 100);
        VectorStore store = VectorStore.Create(DataType.Int8Vector, 10, 100, maxSingleBytes: 500, maxSlabBytes: 200);
        Assert.Equal(100, store.Capacity);
        store.Append(rows);
        for (int row = 0; row < 100; row++)
            Assert.Equal(rows.AsSpan(row * 10, 10), store.Row(row));
        Assert.Throws<InvalidOperationException>(() => store.Append(rows.AsSpan(0, 10)));
        var found = new TopK();
        new FlatIndex(store, MetricType.L2).Search(rows.AsSpan(770, 10), DataType.Int8Vector, new VectorSearchParameters(1), default, found);
        Assert.Equal(77, found.Rows[0]);
    }

    [Fact]
    public void Rows_can_be_filled_in_place_and_are_unseen_until_published()
    {
        VectorStore store = VectorStore.Create(DataType.Int8Vector, 4, 10);
        Span<byte> room = store.Reserve(3);
        Assert.Equal(12, room.Length);
        room.Fill(7);
        Assert.Equal(0, store.Count);
        store.Publish(2);
        Assert.Equal(2, store.Count);
        Assert.Equal("\a\a\a\a"u8, store.Row(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Row(2));
        Assert.Equal(32, store.Reserve(100).Length);
    }

    [Fact]
    public void Refuses_partial_rows_and_types_without_rows()
    {
        VectorStore store = VectorStore.Create(DataType.FloatVector, 2, 1);
        Assert.Throws<ArgumentException>(() => store.Append(new byte[7]));
        Assert.Throws<ArgumentOutOfRangeException>(() => VectorStore.Create(DataType.SparseFloatVector, 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => VectorStore.Create(DataType.BinaryVector, 4, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => VectorStore.Create(DataType.FloatVector, 0, 1));
        Assert.Throws<InvalidOperationException>(() => VectorStore.Create(DataType.BinaryVector, 8, 1).EnsureNorms());
    }

    [Theory]
    [InlineData(DataType.FloatVector)]
    [InlineData(DataType.Float16Vector)]
    [InlineData(DataType.BFloat16Vector)]
    [InlineData(DataType.Int8Vector)]
    public void Norms_cover_rows_before_and_after_they_were_asked_for(DataType type)
    {
        var random = new Random(4);
        VectorStore store = VectorStore.CreateGrowing(type, 33, 16);
        store.Append(TestVectors.Random(random, type, 33, 20));
        store.EnsureNorms();
        store.Append(TestVectors.Random(random, type, 33, 60));
        store.Append(new byte[store.RowBytes]);
        for (int row = 0; row < 80; row++)
        {
            double squared = ReferenceDistance.Score(type, MetricType.IP, 33, store.Row(row), store.Row(row));
            Assert.Equal(1 / Math.Sqrt(squared), store.Norms.Inverse(row), 1e-6 / Math.Sqrt(squared));
        }

        Assert.Equal(0f, store.Norms.Inverse(80));
    }

    [Fact]
    public void Norms_survive_magnitudes_whose_squares_leave_float32()
    {
        VectorStore store = VectorStore.Create(DataType.FloatVector, 2, 2);
        store.Append([.. BitConverter.GetBytes(3e30f), .. BitConverter.GetBytes(4e30f), .. BitConverter.GetBytes(3e-30f), .. BitConverter.GetBytes(4e-30f)]);
        store.EnsureNorms();
        Assert.Equal(2e-31, store.Norms.Inverse(0), 1e-36);
        Assert.Equal(2e29, store.Norms.Inverse(1), 1e24);
    }

    [Fact]
    public void Readers_see_whole_rows_while_the_writer_appends()
    {
        VectorStore store = VectorStore.CreateGrowing(DataType.FloatVector, 8, 32);
        store.EnsureNorms();
        var index = new FlatIndex(store, MetricType.Cosine);
        bool done = false;
        var writer = new Thread(() =>
        {
            var row = new float[8];
            for (int i = 1; i <= 3000; i++)
            {
                Array.Fill(row, i);
                store.Append(System.Runtime.InteropServices.MemoryMarshal.AsBytes(row.AsSpan()));
            }

            Volatile.Write(ref done, true);
        });
        writer.Start();
        var found = new TopK();
        byte[] query = System.Runtime.InteropServices.MemoryMarshal.AsBytes(Enumerable.Repeat(1f, 8).ToArray().AsSpan()).ToArray();
        while (!Volatile.Read(ref done))
        {
            int before = store.Count;
            index.Search(query, DataType.FloatVector, new VectorSearchParameters(5000), default, found);
            Assert.InRange(found.Count, before, store.Count);
            foreach (float score in found.Scores)
                Assert.Equal(1f, score, 1e-6f);
        }

        writer.Join();
    }
}
