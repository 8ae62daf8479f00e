using Milvus.Model;

namespace Milvus.Vectors.Tests.Search;

public sealed class TopKTests
{
    [Fact]
    public void Keeps_the_best_by_distance_then_row_in_any_order_of_arrival()
    {
        var random = new Random(1);
        var top = new TopK();
        for (int round = 0; round < 200; round++)
        {
            int count = random.Next(0, 60), k = random.Next(1, 40);
            (int Row, float Distance)[] all = [.. Enumerable.Range(0, count).Select(row => (row, (float)(random.Next(-6, 6) / 2.0)))];
            random.Shuffle(all);
            top.Reset(k);
            foreach ((int row, float distance) in all)
                top.Add(row, distance);
            top.Finish(MetricType.L2);
            (int Row, float Distance)[] expected = [.. all.OrderBy(hit => hit.Distance).ThenBy(hit => hit.Row).Take(k)];
            Assert.Equal(expected.Select(hit => hit.Row), top.Rows.ToArray());
            Assert.Equal(expected.Select(hit => hit.Distance), top.Scores.ToArray());
        }
    }

    [Fact]
    public void Turns_distances_into_the_metric_s_scores()
    {
        var top = new TopK();
        top.Reset(3);
        top.Add(1, -0.5f);
        top.Add(2, 0f);
        top.Add(3, -2f);
        top.Finish(MetricType.IP);
        Assert.Equal([3, 1, 2], top.Rows);
        Assert.Equal([2f, 0.5f, 0f], top.Scores);
    }

    [Fact]
    public void Odd_distances_have_their_place()
    {
        var top = new TopK();
        top.Reset(5);
        top.Add(0, float.NaN);
        top.Add(1, float.PositiveInfinity);
        top.Add(2, -0f);
        top.Add(3, 0f);
        top.Add(4, float.NegativeInfinity);
        top.Finish(MetricType.L2);
        Assert.Equal([4, 2, 3, 1, 0], top.Rows);
        top.Reset(2);
        top.Add(0, float.NaN);
        top.Add(1, BitConverter.UInt32BitsToSingle(0xFFC0_0000));
        top.Add(2, 5f);
        top.Add(3, 4f);
        top.Finish(MetricType.L2);
        Assert.Equal([3, 2], top.Rows);
    }

    [Fact]
    public void Results_are_empty_until_finished()
    {
        var top = new TopK();
        top.Reset(2);
        top.Add(1, 1f);
        Assert.True(top.Rows.IsEmpty);
        Assert.Equal(float.PositiveInfinity, top.Bound);
        top.Add(2, 3f);
        Assert.Equal(3f, top.Bound);
        Assert.Throws<ArgumentOutOfRangeException>(() => top.Reset(0));
    }

    [Fact]
    public void Ranges_follow_the_direction_of_the_metric()
    {
        var smaller = DistanceRange.FromScores(MetricType.L2, radius: 4f, rangeFilter: 1f);
        Assert.Equal([false, true, true, false], new[] { 0.9f, 1f, 3.9f, 4f }.Select(smaller.Contains));
        var larger = DistanceRange.FromScores(MetricType.IP, radius: 1f, rangeFilter: 4f);
        Assert.Equal([false, true, true, false], new[] { 1f, 1.1f, 4f, 4.1f }.Select(score => larger.Contains(MetricType.IP.ScoreToDistance(score))));
        Assert.True(default(DistanceRange).Contains(float.PositiveInfinity));
        Assert.True(default(DistanceRange).IsUnbounded);
    }
}
