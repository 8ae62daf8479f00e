using Milvus.Model;

namespace Milvus.Vectors.Tests.MinHash;

public sealed class MinHashIndexTests
{
    private const int Elements = 32;

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    public void Scores_are_the_share_of_equal_elements_best_first(int bits)
    {
        var random = new Random(bits);
        VectorStore store = Signatures(random, bits, 300, 0);
        MinHashIndex index = MinHashIndex.Exact(store, bits);
        byte[] query = store.Row(7).ToArray();
        var found = new TopK();
        ulong[] filter = TestVectors.Bits(300, row => row % 3 != 0);
        index.Search(query, DataType.BinaryVector, new VectorSearchParameters(50), new RowFilter(filter), found);
        (int Row, double Score)[] expected = [.. Enumerable.Range(0, 300).Where(row => row % 3 != 0).Select(row => (row, Similarity(store, row, query, bits))).OrderByDescending(h => h.Item2).ThenBy(h => h.row)];
        Assert.Equal(expected[..50].Select(h => h.Row), found.Rows.ToArray());
        Assert.Equal(expected[..50].Select(h => (float)h.Score), found.Scores.ToArray());
        Assert.Equal(7, found.Rows[0]);
        Assert.Equal(1f, found.Scores[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(32)]
    public void Bands_give_exactly_the_rows_that_agree_in_one(int bands)
    {
        const int bits = 32;
        var random = new Random(bands);
        VectorStore store = Signatures(random, bits, 2000, 8);
        MinHashIndex index = Loaded(MinHashIndex.Build(store, new MinHashParameters { ElementBits = bits, Bands = bands }), store);
        var found = new TopK();
        int bytes = store.RowBytes / bands;
        for (int q = 0; q < 2000; q += 200)
        {
            byte[] query = store.Row(q).ToArray();
            index.Search(query, DataType.BinaryVector, new VectorSearchParameters(2000), default, found);
            int[] expected = [.. Enumerable.Range(0, 2000).Where(row => Enumerable.Range(0, bands)
                .Any(band => store.Row(row).Slice(band * bytes, bytes).SequenceEqual(query.AsSpan(band * bytes, bytes))))];
            Assert.Equal(expected, found.Rows.ToArray().Order());
            for (int i = 0; i < found.Count; i++)
                Assert.Equal(Similarity(store, found.Rows[i], query, bits), found.Scores[i], 1e-6);
        }
    }

    [Fact]
    public void Ranges_lie_between_similarities()
    {
        VectorStore store = Signatures(new Random(1), 8, 400, 4);
        var found = new TopK();
        MinHashIndex.Exact(store, 8).Search(store.Row(0), DataType.BinaryVector, new VectorSearchParameters(400) { Radius = 0.2f, RangeFilter = 0.9f }, default, found);
        Assert.True(found.Count > 0);
        Assert.All(found.Scores.ToArray(), score => Assert.InRange(score, 0.2001f, 0.9f));
    }

    [Fact]
    public void Bands_in_common_choose_what_is_compared()
    {
        const int bands = 8, bits = 16, k = 5;
        VectorStore store = Signatures(new Random(5), bits, 2000, 8);
        MinHashIndex index = MinHashIndex.Build(store, new MinHashParameters { ElementBits = bits, Bands = bands });
        int bytes = store.RowBytes / bands;
        ulong[] filter = TestVectors.Bits(2000, row => row % 5 != 0);
        TopK best = new(), found = new();
        double all = 0, bandsAlone = 0;
        for (int q = 3; q < 2000; q += 100)
        {
            byte[] query = store.Row(q).ToArray();
            int Common(int row) => Enumerable.Range(0, bands).Count(band => store.Row(row).Slice(band * bytes, bytes).SequenceEqual(query.AsSpan(band * bytes, bytes)));
            int[] candidates = [.. Enumerable.Range(0, 2000).Where(row => row % 5 != 0 && Common(row) > 0).OrderByDescending(Common).ThenBy(row => row)];
            foreach ((bool? compares, float? factor, int most) in new (bool?, float?, int)[] { (false, 9f, k), (true, 1f, k), (true, 3f, 3 * k), (true, null, 2000), (null, 9f, 2000) })
            {
                var parameters = new VectorSearchParameters(k) { ComparesSignatures = compares, RefineFactor = factor };
                index.Search(query, DataType.BinaryVector, parameters, new RowFilter(filter), found);
                Assert.Equal(candidates.Take(most).OrderByDescending(row => Similarity(store, row, query, bits)).ThenBy(row => row).Take(k), found.Rows.ToArray());
            }

            index.Search(query, DataType.BinaryVector, new VectorSearchParameters(k), new RowFilter(filter), best);
            index.Search(query, DataType.BinaryVector, new VectorSearchParameters(k) { ComparesSignatures = false }, new RowFilter(filter), found);
            all += best.Scores.ToArray().Sum();
            bandsAlone += found.Scores.ToArray().Sum();
        }

        Assert.True(bandsAlone < all, $"{bandsAlone} of {all}");
    }

    [Fact]
    public void Refuses_signatures_that_cannot_be_cut()
    {
        VectorStore store = Signatures(new Random(1), 8, 4, 1);
        Assert.Throws<ArgumentException>(() => MinHashIndex.Build(store, new MinHashParameters { ElementBits = 24 }));
        Assert.Throws<ArgumentException>(() => MinHashIndex.Build(store, new MinHashParameters { Bands = 5 }));
        Assert.Throws<ArgumentException>(() => MinHashIndex.Exact(store, 8).Search(new byte[3], DataType.BinaryVector, new VectorSearchParameters(1), default, new TopK()));
        Assert.Throws<ArgumentException>(() => new FlatIndex(store, MetricType.MinHashJaccard));
    }

    [Fact]
    public void Damage_is_noticed()
    {
        VectorStore store = Signatures(new Random(1), 8, 100, 4);
        var stream = new MemoryStream();
        VectorIndexFile.Save(MinHashIndex.Build(store, new MinHashParameters { Bands = 4 }), stream);
        byte[] bytes = stream.ToArray();
        for (int position = 0; position < bytes.Length; position += 13)
        {
            byte[] damaged = [.. bytes];
            damaged[position] ^= 4;
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(damaged), store, "v"));
            Assert.Throws<IntegrityException>(() => VectorIndexFile.Load(new MemoryStream(bytes[..position]), store, "v"));
        }
    }

    /// <summary>Signatures with small elements, so that some agree; a share of rows are changed copies of others.</summary>
    private static VectorStore Signatures(Random random, int bits, int rows, int families)
    {
        int bytes = bits / 8;
        var data = new byte[rows * Elements * bytes];
        for (int row = 0; row < rows; row++)
        {
            for (int element = 0; element < Elements; element++)
            {
                bool copied = families > 0 && row >= families && random.Next(3) > 0;
                int value = copied ? data[((row % families * Elements) + element) * bytes] : random.Next(40);
                data[((row * Elements) + element) * bytes] = (byte)value;
            }
        }

        return TestVectors.Store(DataType.BinaryVector, Elements * bits, data);
    }

    private static double Similarity(VectorStore store, int row, byte[] query, int bits)
    {
        int bytes = bits / 8;
        ReadOnlySpan<byte> other = store.Row(row);
        int equal = 0;
        for (int i = 0; i < Elements; i++)
            equal += other.Slice(i * bytes, bytes).SequenceEqual(query.AsSpan(i * bytes, bytes)) ? 1 : 0;
        return (double)equal / Elements;
    }

    private static MinHashIndex Loaded(MinHashIndex index, VectorStore store)
    {
        var stream = new MemoryStream();
        VectorIndexFile.Save(index, stream);
        stream.Position = 0;
        MinHashIndex loaded = Assert.IsType<MinHashIndex>(VectorIndexFile.Load(stream, store, "v"));
        Assert.Equal((index.Parameters, index.MemoryBytes), (loaded.Parameters, loaded.MemoryBytes));
        return loaded;
    }
}
