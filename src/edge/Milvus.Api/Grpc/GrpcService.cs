using System.Collections.Immutable;
using Google.Protobuf.Reflection;

namespace Milvus.Api.Grpc;

/// <summary>
/// A service by the names of its methods. A server needs no more: descriptors are made by compiling and running some three thousand methods, which is most
/// of what a start would take.
/// </summary>
public sealed class GrpcService
{
    private readonly ServiceDescriptor? _descriptor;

    /// <param name="fullName">The name with its package.</param>
    public GrpcService(string fullName, ImmutableArray<string> methods) => (FullName, Methods) = (fullName, methods);

    private GrpcService(ServiceDescriptor descriptor)
        : this(descriptor.FullName, [.. descriptor.Methods.Select(m => m.Name)]) => _descriptor = descriptor;

    public string FullName { get; }

    public ImmutableArray<string> Methods { get; }

    /// <summary>With the descriptor at hand handlers are checked against the contract.</summary>
    public static implicit operator GrpcService(ServiceDescriptor descriptor) => new(descriptor);

    /// <exception cref="ArgumentException">The service has no such method, or its types or streaming differ.</exception>
    internal void Check(string name, GrpcMethodShape shape)
    {
        if (!Methods.Contains(name)) throw new ArgumentException($"service {FullName} has no method {name}", nameof(name));
        if (_descriptor?.FindMethodByName(name) is not { } method) return;
        if (method.InputType.ClrType != shape.Request || method.OutputType.ClrType != shape.Response)
            throw new ArgumentException($"{method.FullName} takes {method.InputType.Name} and answers {method.OutputType.Name}", nameof(name));
        if (method.IsClientStreaming || method.IsServerStreaming != shape.IsServerStreaming)
            throw new ArgumentException($"{method.FullName} streams differently", nameof(name));
    }
}

/// <summary>What a method takes and answers.</summary>
public sealed record GrpcMethodShape(Type Request, Type Response, bool IsServerStreaming);
