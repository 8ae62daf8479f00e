using Milvus.Model;

namespace Milvus.Storage.Meta;

/// <summary>A writer that has been superseded tried to commit. It must stop writing and, if it wants to go on, load anew.</summary>
public sealed class StaleEpochException : MilvusException
{
    public StaleEpochException(long epoch, long currentEpoch)
        : base(ErrorCode.ServiceUnavailable, $"meta store epoch {epoch} has been superseded by {currentEpoch}: service unavailable")
    {
        Epoch = epoch;
        CurrentEpoch = currentEpoch;
    }

    public long Epoch { get; }

    public long CurrentEpoch { get; }
}
