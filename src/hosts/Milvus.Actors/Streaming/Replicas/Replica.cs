using Akka.Actor;

namespace Milvus.Actors.Streaming.Replicas;

/// <summary>One replica of a sealed segment as its channel knows it. What changes may be read and written from any thread.</summary>
/// <param name="applied">Sequence up to which it has the channel's deletes.</param>
internal sealed class Replica(long segmentId, int number, Address node, long incarnation, long applied)
{
    private long _applied = applied;
    private bool _isConfirmed;
    private bool _isLost;

    public long SegmentId { get; } = segmentId;

    public int Number { get; } = number;

    public Address Node { get; } = node;

    public long Incarnation { get; } = incarnation;

    public long Applied => Interlocked.Read(ref _applied);

    /// <summary>True once a push reached it without a gap: only then it is known to have what its channel thinks it has.</summary>
    public bool IsConfirmed => Volatile.Read(ref _isConfirmed);

    /// <summary>True once it turned out not to be there, or too far behind.</summary>
    public bool IsLost => Volatile.Read(ref _isLost);

    public bool IsReadable => IsConfirmed && !IsLost;

    public void Confirm(long upTo)
    {
        var known = Applied;
        while (upTo > known)
        {
            var seen = Interlocked.CompareExchange(ref _applied, upTo, known);
            if (seen == known) break;
            known = seen;
        }
        Volatile.Write(ref _isConfirmed, true);
    }

    public void Lose() => Volatile.Write(ref _isLost, true);
}
