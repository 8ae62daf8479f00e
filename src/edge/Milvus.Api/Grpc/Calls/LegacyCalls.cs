using System.Globalization;
using Milvus.Api.Mapping;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Protocol.Feder;
using Milvus.Protocol.Schema;
using ErrorCode = Milvus.Model.ErrorCode;

namespace Milvus.Api.Grpc.Calls;

/// <summary>Calls of early clients.</summary>
internal static class LegacyCalls
{
    // What takes about a second, and an answer of 16 MB.
    internal const long MostNumbers = 1L << 30;
    internal const long MostDistances = 1L << 22;

    public static void Add(CallRegistry calls)
    {
        var proxy = calls.Proxy;
        calls
            .Add("Dummy", DummyRequest.Parser, (_, _) => new DummyResponse { Response = """{"status": "fail"}""" }, (_, _) => new DummyResponse { Response = """{"status": "fail"}""" })
            .Add("RegisterLink", RegisterLinkRequest.Parser, (_, status) => new RegisterLinkResponse { Status = status }, (_, _) => new RegisterLinkResponse { Status = StatusMapping.Ok() })
            .Add("CalcDistance", CalcDistanceRequest.Parser, (_, status) => new CalcDistanceResults { Status = status }, (request, call) => Measure(request, call.Cancellation))
            .Add("ListIndexedSegment", ListIndexedSegmentRequest.Parser, (_, status) => new ListIndexedSegmentResponse { Status = status }, async (request, call) =>
            {
                var collection = proxy.Catalog.GetCollection(call.Database(""), request.CollectionName);
                var answer = new ListIndexedSegmentResponse { Status = StatusMapping.Ok() };
                foreach (var segment in await proxy.Maintenance.GetSegmentsAsync(collection, call.Cancellation))
                    if (request.IndexName.Length == 0 ? !segment.IndexNames.IsDefaultOrEmpty : segment.IndexNames.Contains(request.IndexName)) answer.SegmentIDs.Add(segment.SegmentId);
                return answer;
            })
            .Add("LoadBalance", LoadBalanceRequest.Parser, (_, status) => status, async (request, call) =>
            {
                if (request.CollectionName.Length == 0) throw new MilvusException(ErrorCode.CollectionNotFound, "collection not found[collection=]") { IsInputError = true };
                var collection = proxy.Catalog.GetCollection(call.Database(request.DbName), request.CollectionName);
                var segments = await proxy.Maintenance.GetSegmentsAsync(collection, call.Cancellation);
                foreach (var id in request.SealedSegmentIDs)
                    if (!segments.Any(s => s.SegmentId == id)) throw new MilvusException(ErrorCode.SegmentNotFound, string.Create(CultureInfo.InvariantCulture, $"segment not found[segment={id}]")) { IsInputError = true };
                // The server spreads segments itself: what a client wishes is taken note of and changes nothing.
                return StatusMapping.Ok();
            });
    }

    // Distances of vectors given in the request, every left one with every right one.
    private static CalcDistanceResults Measure(CalcDistanceRequest request, CancellationToken cancellation)
    {
        if (request.OpLeft?.DataArray is not { } left || request.OpRight?.DataArray is not { } right)
            throw new MilvusException(ErrorCode.Unimplemented, "distances of stored vectors are not supported, give their values: service unimplemented");
        var metric = (request.Params.FirstOrDefault(p => p.Key == "metric")?.Value ?? "L2").ToUpperInvariant();
        if (left.Dim != right.Dim || left.Dim <= 0) throw MilvusException.InvalidParameter($"the dimensions of the vectors differ: {left.Dim} and {right.Dim}");
        if (left.DataCase != right.DataCase) throw MilvusException.InvalidParameter("the vectors are of different types");
        return left.DataCase switch
        {
            VectorField.DataOneofCase.FloatVector when metric is "L2" or "IP" => Floats(left, right, metric, request.Params.Any(p => p.Key == "sqrt" && bool.TryParse(p.Value, out var on) && on), cancellation),
            VectorField.DataOneofCase.BinaryVector when metric == "HAMMING" => Bits(left, right, cancellation),
            _ => throw MilvusException.InvalidParameter($"metric {metric} cannot be calculated for vectors of this type"),
        };
    }

    private static CalcDistanceResults Floats(VectorField left, VectorField right, string metric, bool isRoot, CancellationToken cancellation)
    {
        var dimension = checked((int)left.Dim);
        float[] a = [.. left.FloatVector.Data], b = [.. right.FloatVector.Data];
        if (a.Length % dimension != 0 || b.Length % dimension != 0) throw MilvusException.InvalidParameter("the vectors do not fit their dimension");
        CheckSize(a.Length / dimension, b.Length / dimension, dimension);
        var distances = new FloatArray();
        for (var i = 0; i < a.Length; i += dimension)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var j = 0; j < b.Length; j += dimension)
            {
                var sum = 0f;
                for (var d = 0; d < dimension; d++)
                {
                    var (x, y) = (a[i + d], b[j + d]);
                    sum += metric == "IP" ? x * y : (x - y) * (x - y);
                }
                distances.Data.Add(isRoot && metric == "L2" ? MathF.Sqrt(sum) : sum);
            }
        }
        return new CalcDistanceResults { Status = StatusMapping.Ok(), FloatDist = distances };
    }

    private static CalcDistanceResults Bits(VectorField left, VectorField right, CancellationToken cancellation)
    {
        var bytes = checked((int)left.Dim) / 8;
        var (a, b) = (left.BinaryVector.Memory, right.BinaryVector.Memory);
        if (bytes == 0 || a.Length % bytes != 0 || b.Length % bytes != 0) throw MilvusException.InvalidParameter("the vectors do not fit their dimension");
        CheckSize(a.Length / bytes, b.Length / bytes, bytes);
        var distances = new IntArray();
        for (var i = 0; i < a.Length; i += bytes)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var j = 0; j < b.Length; j += bytes)
            {
                var bits = 0;
                for (var d = 0; d < bytes; d++) bits += System.Numerics.BitOperations.PopCount((uint)(a.Span[i + d] ^ b.Span[j + d]));
                distances.Data.Add(bits);
            }
        }
        return new CalcDistanceResults { Status = StatusMapping.Ok(), IntDist = distances };
    }

    private static void CheckSize(long lefts, long rights, int length)
    {
        if (lefts * rights > MostDistances || lefts * rights * length > MostNumbers)
            throw MilvusException.InvalidParameter(string.Create(CultureInfo.InvariantCulture, $"distances of {lefts} and {rights} vectors are too many for one request"));
    }
}
