using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Milvus.Api.Grpc;

/// <summary>One method of a service: how to read its request, run its handler and write its answers.</summary>
public abstract class GrpcMethod
{
    private protected GrpcMethod(string service, string name)
    {
        Service = service;
        Name = name;
    }

    /// <summary>Full service name, package included.</summary>
    public string Service { get; }

    public string Name { get; }

    /// <summary>The HTTP/2 path.</summary>
    public string Path => $"/{Service}/{Name}";

    /// <summary>Null for methods that nobody handles.</summary>
    public virtual GrpcMethodShape? Shape => null;

    /// <summary>False for methods that only exist to say that they do not.</summary>
    public virtual bool IsImplemented => true;

    internal abstract ValueTask InvokeAsync(HttpContext http, GrpcCallContext call, GrpcOptions options, IGrpcGuard? guard);
}

/// <summary>Sends one answer of a streaming call and waits until the transport took it.</summary>
public delegate ValueTask GrpcStreamWriter<in TResponse>(TResponse response)
    where TResponse : IMessage;

/// <summary>
/// Consulted with the parsed request before the handler of any method, when access control is on. Throws
/// <see cref="GrpcException"/> with <see cref="GrpcStatusCode.Unauthenticated"/> or
/// <see cref="GrpcStatusCode.PermissionDenied"/> to refuse.
/// </summary>
public interface IGrpcGuard
{
    /// <summary>Decides who is calling, before the request is read.</summary>
    /// <returns>The user name.</returns>
    ValueTask<string?> AuthenticateAsync(GrpcCallContext call);

    /// <summary>Decides whether the user may send this request.</summary>
    ValueTask AuthorizeAsync(IMessage request, GrpcCallContext call);
}

/// <summary>Reads a request from the bytes of its message, which it may keep.</summary>
/// <exception cref="InvalidProtocolBufferException">The bytes are no such message.</exception>
public delegate TRequest GrpcOwnedParser<out TRequest>(ReadOnlyMemory<byte> message);

internal sealed class UnaryMethod<TRequest, TResponse>(
    string service, string name, MessageParser<TRequest> parser, GrpcOwnedParser<TRequest>? ownedParser, Func<TRequest, GrpcCallContext, ValueTask<TResponse>> handler)
    : GrpcMethod(service, name)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage
{
    public override GrpcMethodShape Shape => new(typeof(TRequest), typeof(TResponse), IsServerStreaming: false);

    internal override async ValueTask InvokeAsync(HttpContext http, GrpcCallContext call, GrpcOptions options, IGrpcGuard? guard)
    {
        var request = ownedParser is null
            ? await GrpcRequests.ReadAsync(http, call, parser, options, guard)
            : await GrpcRequests.ReadAsync(http, call, ownedParser, options, guard);
        var response = await handler(request, call);
        // Not flushed here: headers, message and trailers leave together when the request ends.
        GrpcFrameWriter.Write(http.Response.BodyWriter, response, options.MaxSendMessageBytes);
        // After a failure something may still be at work on the request: then its memory is left to the garbage collector.
        if (call.Borrowed is { } borrowed && !call.EngineFailed) ArrayPool<byte>.Shared.Return(borrowed);
    }
}

internal sealed class ServerStreamMethod<TRequest, TResponse>(
    string service, string name, MessageParser<TRequest> parser,
    Func<TRequest, GrpcStreamWriter<TResponse>, GrpcCallContext, ValueTask> handler)
    : GrpcMethod(service, name)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage
{
    public override GrpcMethodShape Shape => new(typeof(TRequest), typeof(TResponse), IsServerStreaming: true);

    internal override async ValueTask InvokeAsync(HttpContext http, GrpcCallContext call, GrpcOptions options, IGrpcGuard? guard)
    {
        var request = await GrpcRequests.ReadAsync(http, call, parser, options, guard);
        await handler(request, WriteAsync, call);

        async ValueTask WriteAsync(TResponse response)
        {
            GrpcFrameWriter.Write(http.Response.BodyWriter, response, options.MaxSendMessageBytes);
            var flush = await http.Response.BodyWriter.FlushAsync(call.Cancellation);
            if (flush.IsCompleted) throw new OperationCanceledException("the client went away", http.RequestAborted);
        }
    }
}

/// <summary>A method that the contract has and this server has not (yet).</summary>
internal sealed class MissingMethod(string service, string name) : GrpcMethod(service, name)
{
    public override bool IsImplemented => false;

    internal override ValueTask InvokeAsync(HttpContext http, GrpcCallContext call, GrpcOptions options, IGrpcGuard? guard) => Refuse();

    [DoesNotReturn]
    private ValueTask Refuse() =>
        throw new GrpcException(GrpcStatusCode.Unimplemented, $"method {Name} of service {Service} is not implemented yet");
}

internal static class GrpcRequests
{
    public static async ValueTask<TRequest> ReadAsync<TRequest>(
        HttpContext http, GrpcCallContext call, MessageParser<TRequest> parser, GrpcOptions options, IGrpcGuard? guard)
        where TRequest : class, IMessage<TRequest>
    {
        if (guard is not null) call.User = await guard.AuthenticateAsync(call);
        var encoding = http.Request.Headers["grpc-encoding"].ToString();
        var request = await GrpcFrameReader.ReadSingleAsync(
            http.Request.BodyReader, parser, options.MaxReceiveMessageBytes, encoding, call.Cancellation);
        if (guard is not null) await guard.AuthorizeAsync(request, call);
        return request;
    }

    /// <summary>As the other overload, for requests that keep parts of their message.</summary>
    public static async ValueTask<TRequest> ReadAsync<TRequest>(
        HttpContext http, GrpcCallContext call, GrpcOwnedParser<TRequest> parser, GrpcOptions options, IGrpcGuard? guard)
        where TRequest : class, IMessage<TRequest>
    {
        if (guard is not null) call.User = await guard.AuthenticateAsync(call);
        var encoding = http.Request.Headers["grpc-encoding"].ToString();
        var (message, borrowed) = await GrpcFrameReader.ReadOwnedAsync(http.Request.BodyReader, options.MaxReceiveMessageBytes, encoding, call.Cancellation);
        if (options.RecyclesMessages) call.Borrowed = borrowed;
        TRequest request;
        try
        {
            request = parser(message);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw GrpcFrameReader.Malformed(e);
        }
        if (guard is not null) await guard.AuthorizeAsync(request, call);
        return request;
    }
}
