using Milvus.Model;
using LegacyCode = Milvus.Protocol.Common.ErrorCode;
using Status = Milvus.Protocol.Common.Status;

namespace Milvus.Api.Mapping;

/// <summary>
/// The one place where failures become a <c>common.Status</c>. Both codes are always set: some clients look only at the legacy one,
/// some only at the new one.
/// </summary>
public static class StatusMapping
{
    public static Status Ok() => new();

    /// <param name="legacy">Replaces the legacy code of the table; access control calls have their own.</param>
    public static Status ToStatus(Exception exception, LegacyCode? legacy = null) => ToStatus(ErrorFacts.Of(exception), legacy);

    public static Status ToStatus(ErrorFacts error, LegacyCode? legacy = null)
    {
        var status = new Status
        {
            Code = (int)error.Code,
            ErrorCode = legacy ?? Legacy(error.Code),
            Reason = error.Message,
            Detail = error.Message,
            Retriable = error.IsRetriable,
        };
        if (error.IsInputError) status.ExtraInfo["is_input_error"] = "true";
        return status;
    }

    /// <summary>The legacy code of a canonical one, as Milvus maps them.</summary>
    public static LegacyCode Legacy(ErrorCode code) => (int)code switch
    {
        0 => LegacyCode.Success,
        1 or 110 => LegacyCode.NotReadyServe,
        3 => LegacyCode.InsufficientMemoryToLoad,
        7 => LegacyCode.DiskQuotaExhausted,
        8 => LegacyCode.RateLimit,
        9 => LegacyCode.ForceDeny,
        11 or 505 => LegacyCode.TimeTickLongDelay,
        100 => LegacyCode.CollectionNotExists,
        109 => LegacyCode.SchemaMismatch,
        200 or 400 or 501 => LegacyCode.MetaFailed,
        401 or 503 or 506 or 905 => LegacyCode.NoReplicaAvailable,
        600 => LegacyCode.SegmentNotFound,
        700 => LegacyCode.IndexNotExist,
        904 => LegacyCode.NodeIdnotMatch,
        1100 or 1101 or 1102 => LegacyCode.IllegalArgument,
        _ => LegacyCode.UnexpectedError,
    };
}
