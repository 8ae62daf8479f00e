using Milvus.Model;

namespace Milvus.Embedded.Collections;

/// <summary>
/// The memory that loaded segments may take. A load that would exceed it is refused before it begins; what is already there is never
/// evicted. Thread-safe.
/// </summary>
public sealed class MemoryBudget(long limitBytes)
{
    private long _used;

    public long LimitBytes { get; } = limitBytes;

    public long UsedBytes => Interlocked.Read(ref _used);

    /// <summary>What is left; nothing when more is in use than the limit allows.</summary>
    public long AvailableBytes => Math.Max(0, LimitBytes - UsedBytes);

    /// <exception cref="MilvusException">3: the budget would be exceeded; nothing is reserved.</exception>
    public void Reserve(long bytes, string what)
    {
        var used = Interlocked.Add(ref _used, bytes);
        if (used <= LimitBytes) return;
        Interlocked.Add(ref _used, -bytes);
        throw new MilvusException(
            ErrorCode.MemoryLimitExceeded,
            $"memory limit exceeded: loading {what} needs {bytes} bytes, {used - bytes} of {LimitBytes} are in use[usage={used - bytes}][limit={LimitBytes}]");
    }

    /// <summary>As <see cref="Reserve"/>, without reserving: refuses early what cannot succeed.</summary>
    public void Require(long bytes, string what)
    {
        Reserve(bytes, what);
        Release(bytes);
    }

    /// <summary>Counts memory that is in use anyway, over the limit or not.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _used, bytes);

    public void Release(long bytes) => Interlocked.Add(ref _used, -bytes);
}
