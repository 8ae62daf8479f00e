using System.Collections.Frozen;
using Google.Protobuf;

namespace Milvus.Api.Grpc;

/// <summary>All methods of a server by path. Immutable; made by a <see cref="Builder"/>.</summary>
public sealed class GrpcMethodTable
{
    private readonly FrozenDictionary<string, GrpcMethod> _byPath;
    private readonly FrozenSet<string> _services;

    private GrpcMethodTable(IEnumerable<GrpcMethod> methods)
    {
        _byPath = methods.ToFrozenDictionary(m => m.Path, StringComparer.Ordinal);
        _services = _byPath.Values.Select(m => m.Service).ToFrozenSet(StringComparer.Ordinal);
    }

    public IEnumerable<GrpcMethod> Methods => _byPath.Values;

    /// <exception cref="GrpcException">UNIMPLEMENTED, saying whether the service or only the method is unknown.</exception>
    public GrpcMethod Find(string path)
    {
        if (_byPath.TryGetValue(path, out var method)) return method;

        var slash = path.LastIndexOf('/');
        if (slash <= 0 || path[0] != '/')
            throw new GrpcException(GrpcStatusCode.Unimplemented, $"malformed method name: \"{path}\"");
        var service = path[1..slash];
        var name = path[(slash + 1)..];
        throw new GrpcException(GrpcStatusCode.Unimplemented, _services.Contains(service)
            ? $"unknown method {name} for service {service}"
            : $"unknown service {service}");
    }

    /// <summary>Collects the handlers of one or more services. Every method of a service that gets no handler answers UNIMPLEMENTED.</summary>
    public sealed class Builder
    {
        private readonly Dictionary<string, GrpcMethod> _methods = new(StringComparer.Ordinal);

        /// <summary>Makes all methods of a service known, without handlers.</summary>
        public Builder AddService(GrpcService service)
        {
            foreach (var method in service.Methods)
            {
                var missing = new MissingMethod(service.FullName, method);
                _methods.TryAdd(missing.Path, missing);
            }
            return this;
        }

        /// <param name="ownedParser">Used in place of <paramref name="parser"/> where requests keep parts of their message; null for others.</param>
        /// <exception cref="ArgumentException">The service has no such method.</exception>
        public Builder Unary<TRequest, TResponse>(
            GrpcService service, string name, MessageParser<TRequest> parser,
            Func<TRequest, GrpcCallContext, ValueTask<TResponse>> handler, GrpcOwnedParser<TRequest>? ownedParser = null)
            where TRequest : class, IMessage<TRequest>
            where TResponse : class, IMessage => Set(service, new UnaryMethod<TRequest, TResponse>(service.FullName, name, parser, ownedParser, handler));

        /// <exception cref="ArgumentException">The service has no such method.</exception>
        public Builder ServerStream<TRequest, TResponse>(
            GrpcService service, string name, MessageParser<TRequest> parser,
            Func<TRequest, GrpcStreamWriter<TResponse>, GrpcCallContext, ValueTask> handler)
            where TRequest : class, IMessage<TRequest>
            where TResponse : class, IMessage => Set(service, new ServerStreamMethod<TRequest, TResponse>(service.FullName, name, parser, handler));

        public GrpcMethodTable Build() => new(_methods.Values);

        private Builder Set(GrpcService service, GrpcMethod method)
        {
            service.Check(method.Name);
            _methods[method.Path] = method;
            return this;
        }
    }
}
