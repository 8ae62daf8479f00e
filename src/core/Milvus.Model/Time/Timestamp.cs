namespace Milvus.Model;

/// <summary>
/// Milvus' hybrid timestamp: milliseconds since 1970 UTC shifted left by 18 bits, plus a logical counter. Every write gets one; a row
/// is visible at T when it was inserted at or before T and not deleted at or before T.
/// </summary>
public readonly record struct Timestamp(ulong Value) : IComparable<Timestamp>
{
    public const int LogicalBits = 18;

    public static readonly Timestamp Zero = new(0);

    public static readonly Timestamp Max = new(ulong.MaxValue);

    public long PhysicalMs => (long)(Value >> LogicalBits);

    public DateTimeOffset Physical => DateTimeOffset.FromUnixTimeMilliseconds(PhysicalMs);

    public static Timestamp FromMs(long unixMs, int logical = 0) => new(((ulong)unixMs << LogicalBits) + (ulong)logical);

    public int CompareTo(Timestamp other) => Value.CompareTo(other.Value);

    public static bool operator <(Timestamp a, Timestamp b) => a.Value < b.Value;

    public static bool operator >(Timestamp a, Timestamp b) => a.Value > b.Value;

    public static bool operator <=(Timestamp a, Timestamp b) => a.Value <= b.Value;

    public static bool operator >=(Timestamp a, Timestamp b) => a.Value >= b.Value;

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Gives out strictly increasing timestamps and unique ids; thread-safe.</summary>
public interface ITimestampOracle
{
    /// <summary>Strictly greater than every timestamp given out before, by this process or a predecessor.</summary>
    Timestamp Next();

    /// <summary>The largest timestamp given out so far; never goes back.</summary>
    Timestamp Current { get; }

    /// <summary>The first of <paramref name="count"/> consecutive positive 64-bit ids never given out before.</summary>
    long NextIds(int count = 1);
}

/// <summary>The consistency levels; the numeric values are Milvus' wire values.</summary>
public enum ConsistencyLevel
{
    Strong = 0,
    Session = 1,
    Bounded = 2,
    Eventually = 3,
    Customized = 4,
}
