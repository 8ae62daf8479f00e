using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>2: a model was asked as often as may help and does not answer, or is overloaded. Asking again later may help; <see cref="MilvusException"/> 2400 says that it would not.</summary>
public sealed class ModelAwayException(string message) : MilvusException(ErrorCode.ServiceUnavailable, message);
