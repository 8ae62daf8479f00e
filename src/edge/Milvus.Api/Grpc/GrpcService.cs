using System.Collections.Immutable;

namespace Milvus.Api.Grpc;

/// <summary>
/// A service by the names of its methods. A server needs no more: descriptors are made by compiling and running some three thousand methods, which is most
/// of what a start would take. Tests compare names and handlers with the contract.
/// </summary>
/// <param name="fullName">The name with its package.</param>
public sealed class GrpcService(string fullName, ImmutableArray<string> methods)
{
    public string FullName { get; } = fullName;

    public ImmutableArray<string> Methods { get; } = methods;

    /// <exception cref="ArgumentException">The service has no such method.</exception>
    internal void Check(string name)
    {
        if (!Methods.Contains(name)) throw new ArgumentException($"service {FullName} has no method {name}", nameof(name));
    }
}

/// <summary>What a method takes and answers.</summary>
public sealed record GrpcMethodShape(Type Request, Type Response, bool IsServerStreaming);
