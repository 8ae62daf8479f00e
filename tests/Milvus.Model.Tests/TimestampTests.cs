namespace Milvus.Model.Tests;

public sealed class TimestampTests
{
    [Fact]
    public void Milliseconds_lie_above_eighteen_bits()
    {
        var t = Timestamp.FromMs(1_700_000_000_123, 5);
        Assert.Equal(1_700_000_000_123, t.PhysicalMs);
        Assert.Equal((1_700_000_000_123UL << 18) + 5, t.Value);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123), t.Physical);
    }

    [Fact]
    public void Order_is_by_time_then_by_counter()
    {
        Timestamp[] ordered = [Timestamp.Zero, Timestamp.FromMs(1), Timestamp.FromMs(1, 1), Timestamp.FromMs(2), Timestamp.Max];
        for (var i = 0; i < ordered.Length; i++)
        {
            for (var j = 0; j < ordered.Length; j++)
            {
                Assert.Equal(i < j, ordered[i] < ordered[j]);
                Assert.Equal(i <= j, ordered[i] <= ordered[j]);
                Assert.Equal(i > j, ordered[i] > ordered[j]);
                Assert.Equal(i >= j, ordered[i] >= ordered[j]);
                Assert.Equal(i.CompareTo(j), ordered[i].CompareTo(ordered[j]));
            }
        }
    }

    [Fact]
    public void Errors_carry_code_and_text_of_Milvus()
    {
        var plain = MilvusException.InvalidParameter("no such thing");
        Assert.Equal((ErrorCode.InvalidParameter, "no such thing: invalid parameter"), (plain.Code, plain.Message));
        Assert.Equal("bad: invalid parameter[expected=1][actual=2]", MilvusException.InvalidParameter("bad", 1, 2).Message);
        Assert.True(plain.IsInputError);
        Assert.False(plain.IsRetriable);
        Assert.True(new MilvusException(ErrorCode.ServiceNotReady, "").IsRetriable);
    }
}
