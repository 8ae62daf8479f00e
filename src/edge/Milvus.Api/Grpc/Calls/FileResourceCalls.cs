using Milvus.Api.Mapping;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Proxy;
using ErrorCode = Milvus.Model.ErrorCode;
using WireResource = Milvus.Protocol.FileResourceInfo;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Files of words for analyzers.</summary>
internal static class FileResourceCalls
{
    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Add("AddFileResource", AddFileResourceRequest.Parser, (_, status) => status, async (request, call) =>
            {
                await Resources(proxy).CheckAsync(request.Path, call.Cancellation);
                await proxy.ExecuteAsync(call.Context(""), new AddFileResource(request.Name, request.Path), call.Cancellation);
                return StatusMapping.Ok();
            })
            .Command("RemoveFileResource", RemoveFileResourceRequest.Parser, (request, _) => new RemoveFileResource(request.Name))
            .Add("ListFileResources", ListFileResourcesRequest.Parser, (_, status) => new ListFileResourcesResponse { Status = status }, (_, _) =>
                new ListFileResourcesResponse
                {
                    Status = StatusMapping.Ok(),
                    Resources = { proxy.Catalog.FileResources.OrderBy(r => r.Id).Select(r => new WireResource { Id = r.Id, Name = r.Name, Path = r.Path }) },
                });
    }

    public static FileResources Resources(IMilvusProxy proxy) =>
        proxy.Resources ?? throw new MilvusException(ErrorCode.Unimplemented, "file resources are not supported by this server: service unimplemented");
}
