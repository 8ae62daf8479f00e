using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Milvus.Api.Mapping;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Proxy;
using LegacyCode = Milvus.Protocol.Common.ErrorCode;
using Status = Milvus.Protocol.Common.Status;

namespace Milvus.Api.Grpc.Calls;

/// <summary>
/// Adds handlers to a method table such that a failure of the engine becomes a status inside an ordinary answer, which is where
/// clients look for it. Only cancellation and refusals of the transport end a call with a gRPC status.
/// </summary>
internal sealed partial class CallRegistry(GrpcMethodTable.Builder table, GrpcService service, IMilvusProxy proxy, ILogger logger)
{
    public IMilvusProxy Proxy => proxy;

    /// <param name="failed">The answer of a call that failed, given its status.</param>
    /// <param name="ownedParser">As for <see cref="GrpcMethodTable.Builder.Unary"/>.</param>
    public CallRegistry Add<TRequest, TResponse>(
        string name, MessageParser<TRequest> parser, Func<TRequest, Status, TResponse> failed,
        Func<TRequest, Call, ValueTask<TResponse>> handler, LegacyCode? legacy = null, GrpcOwnedParser<TRequest>? ownedParser = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage
    {
        table.Unary<TRequest, TResponse>(service, name, parser, async (request, context) =>
        {
            try
            {
                return await handler(request, new Call(context));
            }
            catch (Exception e) when (IsEngineFailure(e, context))
            {
                var error = ErrorFacts.Of(e);
                if (error.IsUnexpected) LogUnexpected(e, name, error.Message);
                context.EngineFailed = true;
                return failed(request, StatusMapping.ToStatus(error, legacy));
            }
        }, ownedParser);
        return this;
    }

    /// <summary>As above for handlers that never wait.</summary>
    public CallRegistry Add<TRequest, TResponse>(
        string name, MessageParser<TRequest> parser, Func<TRequest, Status, TResponse> failed, Func<TRequest, Call, TResponse> handler,
        LegacyCode? legacy = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage =>
        Add(name, parser, failed, (request, call) => ValueTask.FromResult(handler(request, call)), legacy);

    /// <summary>A method that changes the catalogue and answers a bare status.</summary>
    /// <param name="legacy">The legacy code of every failure, where the contract has one for the method.</param>
    public CallRegistry Command<TRequest>(
        string name, MessageParser<TRequest> parser, Func<TRequest, Call, CoordinatorCommand> command, LegacyCode? legacy = null)
        where TRequest : class, IMessage<TRequest> =>
        Add(name, parser, (_, status) => status, async (request, call) =>
        {
            await proxy.ExecuteAsync(call.Context(""), command(request, call), call.Cancellation);
            return StatusMapping.Ok();
        }, legacy);

    private static bool IsEngineFailure(Exception e, GrpcCallContext context) =>
        e is not GrpcException && !(e is OperationCanceledException && context.Cancellation.IsCancellationRequested);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} failed: {Text}")]
    private partial void LogUnexpected(Exception exception, string method, string text);
}

/// <summary>A call as handlers of Milvus' services see it.</summary>
internal readonly struct Call(GrpcCallContext context)
{
    public CancellationToken Cancellation => context.Cancellation;

    public string? User => context.User;

    /// <summary>The body's database wins over the metadata's; without either it is the default one.</summary>
    public string Database(string named)
    {
        if (named.Length > 0) return named;
        var metadata = context.Database;
        return metadata.Length > 0 ? metadata : Limits.DefaultDatabase;
    }

    public RequestContext Context(string database) => new(Database(database), context.User);
}
