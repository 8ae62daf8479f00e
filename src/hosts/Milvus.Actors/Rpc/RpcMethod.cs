namespace Milvus.Actors.Rpc;

/// <summary>What one node may call on another. The numbers are frozen.</summary>
public enum RpcMethod
{
    Write = 1,
    OpenShard = 2,
    CloseShard = 3,
    ReadShard = 4,
    PushDeletes = 5,
}
