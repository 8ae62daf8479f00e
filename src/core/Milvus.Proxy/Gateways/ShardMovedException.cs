namespace Milvus.Proxy;

/// <summary>
/// What was being read is no longer where it was: a segment or a channel moved, or its node is gone. Nothing is wrong with the request; opening
/// the shards again finds them at their new places.
/// </summary>
public sealed class ShardMovedException : Exception
{
    public ShardMovedException(string message)
        : base(message)
    {
    }

    public ShardMovedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
