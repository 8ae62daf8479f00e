using Microsoft.AspNetCore.Http;
using Milvus.Model;

namespace Milvus.Api.Rest;

/// <summary>Codes that exist only over REST.</summary>
internal static class RestCodes
{
    public const int NotAuthenticated = 1800;
    public const int BadJson = 1801;
    public const int MissingParameter = 1802;
    public const int BadInsertData = 1804;
    public const int BadSearchResult = 1805;
    public const int BadPrimaryKey = 1806;
}

/// <summary>A request that REST itself refuses; everything else comes as a <see cref="MilvusException"/>.</summary>
internal sealed class RestFailure(int code, string message, int httpStatus = 200) : Exception(message)
{
    public int Code { get; } = code;

    public int HttpStatus { get; } = httpStatus;

    public static RestFailure BadJson(string problem) => new(RestCodes.BadJson, "can only accept json format request, error: " + problem);

    /// <param name="structure">The name of the request in the validator's text.</param>
    /// <param name="field">The field's name in the request, first letter lower case.</param>
    public static RestFailure Missing(string structure, string field)
    {
        var name = char.ToUpperInvariant(field[0]) + field[1..];
        return new(RestCodes.MissingParameter, $"missing required parameters, error: Key: '{structure}.{name}' Error:Field validation for '{name}' failed on the 'required' tag");
    }

    /// <summary>Milvus hands a gRPC status through here, which has no code of its own.</summary>
    public static RestFailure Denied(string refusal) =>
        new((int)ErrorCode.Unexpected, "rpc error: code = PermissionDenied desc = " + refusal, StatusCodes.Status403Forbidden);

    public static RestFailure BadRows(string problem) => new(RestCodes.BadInsertData, "fail to deal the insert data, error: " + problem);
}
