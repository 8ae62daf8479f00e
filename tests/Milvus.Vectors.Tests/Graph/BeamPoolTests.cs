namespace Milvus.Vectors.Tests.Graph;

public sealed unsafe class BeamPoolTests
{
    [Fact]
    public void Merging_keeps_the_nearest_in_order_and_names_the_first_new_place()
    {
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            int width = random.Next(1, 40);
            var pool = new ulong[width + 33];
            var batch = new ulong[32];
            var expected = new List<ulong>();
            int count = 0;
            for (int step = 0; step < 12; step++)
            {
                int added = random.Next(1, 33);
                for (int i = 0; i < added; i++)
                    batch[i] = BeamPool.Entry((float)random.NextDouble() - 0.5f, (step * 32) + i);
                ulong[] fresh = batch[..added];
                fixed (ulong* p = pool, b = batch)
                {
                    int place = BeamPool.Merge(p, ref count, width, b, added);
                    expected = [.. expected.Concat(fresh).Order().Take(width)];
                    int first = expected.FindIndex(fresh.Contains);
                    Assert.True(first < 0 ? place >= count : place == first, $"{place} for {first}");
                }

                Assert.Equal(expected, pool[..count]);
            }
        }
    }

    [Fact]
    public void Entries_sort_like_distances_with_nan_last()
    {
        float[] distances = [float.NegativeInfinity, -2f, -0f, 1e-30f, 3f, float.PositiveInfinity, float.NaN];
        ulong[] entries = [.. distances.Select((d, i) => BeamPool.Entry(d, 100 - i))];
        Assert.Equal(entries.Order(), entries);
        Assert.Equal(BeamPool.Entry(float.NaN, 3), BeamPool.Entry(-float.NaN, 3));
        Assert.Equal(int.MaxValue, BeamPool.Node(BeamPool.Entry(1, int.MaxValue) | 1));
        Assert.Equal(SortableKey.Of(-1.5f, 77), BeamPool.Key(BeamPool.Entry(-1.5f, 77) | 1));
    }
}
