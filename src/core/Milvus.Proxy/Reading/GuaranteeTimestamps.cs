using Milvus.Model;

namespace Milvus.Proxy.Reading;

/// <summary>Turns a consistency level into the timestamp up to which a read must see everything.</summary>
internal sealed class GuaranteeTimestamps(ITimestampOracle oracle, ProxyOptions options)
{
    // The values that clients send instead of timestamps.
    private const ulong Eventually = 1;
    private const ulong Bounded = 2;

    /// <param name="requested">The request's level; null for the collection's own.</param>
    /// <param name="given">The request's timestamp, 0 when it has none.</param>
    public Timestamp Resolve(ConsistencyLevel? requested, ulong given, CollectionInfo collection)
    {
        var level = requested ?? collection.ConsistencyLevel;
        var wanted = level switch
        {
            // Clients from before the levels send 0 as level and say what they mean by the timestamp.
            ConsistencyLevel.Strong when requested is null || given == 0 => oracle.Next(),
            ConsistencyLevel.Strong when given == Bounded => Stale(),
            ConsistencyLevel.Bounded => Stale(),
            ConsistencyLevel.Eventually => new Timestamp(Eventually),
            _ => new Timestamp(Math.Max(given, Eventually)),
        };
        if (wanted < collection.SchemaUpdatedAt) wanted = collection.SchemaUpdatedAt;
        // Nothing that was acknowledged is newer than now, so nobody need wait for the future.
        if (wanted > oracle.Current)
        {
            var now = oracle.Next();
            if (wanted > now) wanted = now;
        }
        return wanted;
    }

    /// <summary>Now: everything acknowledged before this call is at or before it.</summary>
    public Timestamp Now() => oracle.Next();

    /// <summary>True when the request's timestamp is a point in time and not one of the markers.</summary>
    public static bool IsPointInTime(ulong given) => new Timestamp(given).PhysicalMs > 0;

    private Timestamp Stale() => Timestamp.FromMs(Math.Max(0, oracle.Next().PhysicalMs - options.BoundedStalenessMs));
}
