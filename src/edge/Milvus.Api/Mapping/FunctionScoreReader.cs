using Milvus.Model;
using Milvus.Protocol.Schema;
using Milvus.Proxy;
using FunctionScore = Milvus.Proxy.FunctionScore;
using WireScore = Milvus.Protocol.Schema.FunctionScore;
using WireType = Milvus.Protocol.Schema.FunctionType;

namespace Milvus.Api.Mapping;

/// <summary>Reads rerankers that are given as functions.</summary>
internal static class FunctionScoreReader
{
    /// <summary>Null when there are none.</summary>
    /// <exception cref="MilvusException">1100: a function that is no reranker.</exception>
    public static FunctionScore? Read(WireScore? wire)
    {
        if (wire is not { Functions.Count: > 0 }) return null;
        return new FunctionScore([.. wire.Functions.Select(Read)], wire.Params.ToParams());
    }

    private static RankFunction Read(Protocol.Schema.FunctionSchema wire)
    {
        if (wire.Type is not (WireType.Rerank or WireType.Unknown)) throw MilvusException.InvalidParameter($"function {wire.Name} of type {wire.Type} is no rerank function");
        return new RankFunction(wire.Name, [.. wire.InputFieldNames], wire.Params.ToParams());
    }
}
